// What would be believed if something were so. Nothing of it is recorded, and it is drawn
// so that nobody can take it for what is believed.

import { createEffect, createSignal, For, on, Show, type JSX } from 'solid-js';
import { isVerbatim, type Attribute, type Estimate } from '../model/api.ts';
import { parseNumber, SUPPOSABLE, type Supposable } from '../model/claim.ts';
import { toldText, unitText } from '../model/words.ts';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

interface Supposed { entity: string; attribute: string; now: Attribute | null; supposed: Attribute | null }

export function WhatIf(props: { entity: string; kind: 'space' | 'portal' }): JSX.Element {
  const ui = useUi();
  const [open, setOpen] = createSignal(false);
  const [chosen, setChosen] = createSignal<Supposable>(SUPPOSABLE[props.kind][0] as Supposable);
  const [typed, setTyped] = createSignal('');
  const [answer, setAnswer] = createSignal<Supposed[] | null>(null);
  const [problem, setProblem] = createSignal('');
  const forget = () => {
    setAnswer(null);
    setProblem('');
  };
  createEffect(on(() => props.entity, () => {
    setOpen(false);
    setChosen(SUPPOSABLE[props.kind][0] as Supposable);
    forget();
  }, { defer: true }));
  const suppose = async (value: boolean | number) => {
    forget();
    const { attribute, unit } = chosen();
    const observed = new Date(ui.picture.connection.stamp_ms()).toISOString();
    const claim = { entity: props.entity, attribute, value, observed, ...(unit ? { unit } : {}) };
    try {
      const found = await ui.picture.client.send<{ estimates: Supposed[] }>('POST', '/v1/hypothetical', JSON.stringify({ claims: [claim] }));
      setAnswer(found.estimates);
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const value = parseNumber(typed());
    if (value === null) setProblem(text().whatIf.badNumber);
    else void suppose(value);
  };
  return (
    <section class="what-if">
      <button type="button" data-act="what-if" aria-expanded={open()} onClick={() => (setOpen(!open()), forget())}>{open() ? text().whatIf.close : text().whatIf.open}</button>
      <Show when={open()}>
        <div class="what-if-choice">
          <select aria-label={text().whatIf.what} onChange={(e) => (setChosen(SUPPOSABLE[props.kind][e.currentTarget.selectedIndex] as Supposable), forget())}>
            <For each={SUPPOSABLE[props.kind]}>{(s) => <option value={s.attribute} selected={s === chosen()}>{text().attribute[s.attribute] ?? s.attribute}</option>}</For>
          </select>
          <Show
            when={chosen().form === 'number'}
            fallback={<div class="claim-buttons"><For each={[true, false]}>{(value) => <button type="button" data-suppose={String(value)} onClick={() => void suppose(value)}>{wordFor(chosen().attribute, value)}</button>}</For></div>}
          >
            <form class="count-form" onSubmit={submit}>
              <label><input inputmode="decimal" autocomplete="off" size="6" name="supposed" value={typed()} aria-label={text().attribute[chosen().attribute]} onInput={(e) => setTyped(e.currentTarget.value)} /> {unitText(chosen().unit)}</label>
              <button type="submit">{text().whatIf.suppose}</button>
            </form>
          </Show>
          <p class="problem" role="alert">{problem()}</p>
          <Show when={answer()}>{(lines) => <Outcome lines={lines()} entity={props.entity} />}</Show>
        </div>
      </Show>
    </section>
  );
}

/** A supposition is a sentence: "is passable", not "yes". */
function wordFor(attribute: string, value: boolean): string {
  const t = text().claim;
  const words: Record<string, [string, string]> = { smoke: [t.smoke, t.noSmoke], passable: [t.passable, t.blocked], open: [t.open, t.closed] };
  return words[attribute]?.[value ? 0 : 1] ?? (value ? text().yes : text().no);
}

function Outcome(props: { lines: Supposed[]; entity: string }): JSX.Element {
  const ui = useUi();
  const modelled = (attribute: Attribute | null): Estimate | undefined => (attribute && !isVerbatim(attribute) ? attribute : undefined);
  const label = (line: Supposed) => {
    const name = text().attribute[line.attribute] ?? line.attribute;
    return line.entity === props.entity ? name : `${name}, ${ui.nameOf(line.entity)}`;
  };
  const words = (line: Supposed, which: 'now' | 'supposed') => {
    const estimate = modelled(line[which]);
    return estimate ? toldText(estimate, line.attribute, text()) : text().look.unknown;
  };
  return (
    <div class="then" aria-live="polite" data-supposed>
      <p><b>{text().whatIf.title}</b> {text().whatIf.nothingRecorded}</p>
      <For each={props.lines} fallback={<p>{text().whatIf.noChange}</p>}>
        {(line) => (
          <div class="supposed" data-attribute={line.attribute}>
            <p class="estimate-label">{label(line)}</p>
            <p class="estimate-value">{words(line, 'supposed')}</p>
            <p class="source-facts">{text().whatIf.insteadOf(words(line, 'now'))}</p>
          </div>
        )}
      </For>
    </div>
  );
}
