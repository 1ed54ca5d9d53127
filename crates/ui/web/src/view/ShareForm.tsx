// Making a rule: with whom, of what, which attributes, where; and the sentence that will be
// so, before it is.

import { createSignal, For, Show, type JSX } from 'solid-js';
import type { Estimate } from '../model/api.ts';
import { isGone } from '../model/members.ts';
import { ATTRIBUTES, attributeWord, KINDS, ruleProblem, sentence, TO_MEMBERS, type Delicacy, type NewRule } from '../model/sharing.ts';
import { problemText } from './asked.ts';
import { text } from './prefs.ts';
import { useUi, type Ui } from './ui.ts';

export function ShareForm(props: { onEnd: () => void }): JSX.Element {
  const ui = useUi();
  const [to, setTo] = createSignal('');
  const [kinds, setKinds] = createSignal<string[] | null>(null);
  const [attributes, setAttributes] = createSignal<string[] | null>(null);
  const [area, setArea] = createSignal<string | null>(null);
  const [backfill, setBackfill] = createSignal(true);
  const [summaries, setSummaries] = createSignal(false);
  const [problem, setProblem] = createSignal('');
  const peers = () => (ui.organisations.members() ?? []).filter((m) => !isGone(m));
  const toMembers = () => to() === TO_MEMBERS;
  // The directory has its own attributes; whatever was chosen before is none of them.
  const rule = (): NewRule => ({ to: to(), kinds: kinds(), attributes: toMembers() ? null : attributes(), area: area(), backfill: backfill(), summaries: !toMembers() && summaries() });
  const toName = () => (toMembers() ? text().shares.everyMember : (peers().find((m) => m.id === to())?.name ?? to()));
  const choose = (id: string) => {
    setTo(id);
    if (id === TO_MEMBERS && kinds() === null) setKinds(['building']);
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    const wrong = ruleProblem(rule(), text());
    if (wrong !== null) return setProblem(wrong);
    try {
      await ui.picture.client.send('POST', '/v1/shares', JSON.stringify(rule()));
      ui.picture.announce(text().shares.made);
      props.onEnd();
    } catch (error) {
      setProblem(problemText(error));
    }
  };
  return (
    <form class="set-aside-form share-form" data-form="share" onSubmit={(e) => void submit(e)}>
      <label>{text().shares.to}
        <select name="to" onChange={(e) => choose(e.currentTarget.value)}>
          <option value="">{text().shares.chooseTo}</option>
          <For each={peers()}>{(m) => <option value={m.id}>{m.title || m.name} ({m.name})</option>}</For>
          <option value={TO_MEMBERS}>{text().shares.everyMember}</option>
        </select>
      </label>
      <fieldset>
        <legend>{text().shares.of}</legend>
        <div class="toggles">
          <Show when={!toMembers()}><button type="button" aria-pressed={kinds() === null} onClick={() => setKinds(null)}>{text().shares.everything}</button></Show>
          <For each={KINDS}>{(kind) => <button type="button" data-kind={kind} aria-pressed={kinds()?.includes(kind) === true} onClick={() => setKinds(toggled(kinds(), kind))}>{text().shares.kinds[kind]}</button>}</For>
        </div>
      </fieldset>
      <Show when={!toMembers()}><AttributeChoice chosen={attributes()} onChoose={setAttributes} /></Show>
      <label>{text().shares.where}
        <select name="area" onChange={(e) => setArea(e.currentTarget.value || null)}>
          <option value="">{text().shares.noArea}</option>
          <For each={areas(ui)}>{(a) => <option value={a.id}>{a.name}</option>}</For>
        </select>
      </label>
      <button type="button" data-act="backfill" aria-pressed={backfill()} onClick={() => setBackfill(!backfill())}>{text().shares.backfill}</button>
      <Show when={!toMembers()}><button type="button" data-act="summaries" aria-pressed={summaries()} onClick={() => setSummaries(!summaries())}>{text().shares.summaries}</button></Show>
      <Show when={to() !== ''}>
        <div class="then" aria-live="polite" data-sentence><p>{text().shares.preview}</p><p><b>{sentence(rule(), toName(), areaName(ui, area()), text())}</b></p></div>
      </Show>
      <p class="problem" role="alert">{problem()}</p>
      <div class="claim-buttons">
        <button type="submit" class="primary">{text().shares.make}</button>
        <button type="button" onClick={() => props.onEnd()}>{text().imports.cancel}</button>
      </div>
    </form>
  );
}

/** Everything harmless, or one by one: plans and people leave only where they are named. */
function AttributeChoice(props: { chosen: string[] | null; onChoose: (names: string[] | null) => void }): JSX.Element {
  const has = (name: string) => props.chosen?.includes(name) === true;
  return (
    <fieldset>
      <legend>{text().shares.which}</legend>
      <div class="toggles">
        <button type="button" data-attributes="all" aria-pressed={props.chosen === null} onClick={() => props.onChoose(null)}>{text().shares.all}</button>
        <button type="button" data-attributes="some" aria-pressed={props.chosen !== null} onClick={() => props.onChoose(props.chosen ?? ['smoke'])}>{text().shares.some}</button>
      </div>
      <Show when={props.chosen !== null}>
        <For each={Object.keys(ATTRIBUTES) as Delicacy[]}>
          {(delicacy) => (
            <details open={delicacy === 'harmless'}>
              <summary>{text().shares.delicacy[delicacy]} ({ATTRIBUTES[delicacy].filter(has).length}/{ATTRIBUTES[delicacy].length})</summary>
              <div class="toggles">
                <For each={ATTRIBUTES[delicacy]}>{(name) => <button type="button" data-attribute-choice={name} aria-pressed={has(name)} onClick={() => props.onChoose(toggled(props.chosen, name))}>{attributeWord(name, text())}</button>}</For>
              </div>
            </details>
          )}
        </For>
      </Show>
    </fieldset>
  );
}

function toggled(chosen: string[] | null, one: string): string[] {
  return chosen?.includes(one) ? chosen.filter((other) => other !== one) : [...(chosen ?? []), one];
}

interface Area { id: string; name: string }

/** The buildings, and the storeys of the one on screen. */
function areas(ui: Ui): Area[] {
  const named = (thing: { id: string; name?: Estimate }): Area => ({ id: thing.id, name: typeof thing.name?.value === 'string' ? thing.name.value : ui.nameOf(thing.id) });
  return [...(ui.picture.buildings() ?? []).map(named), ...ui.storeys().map(named)];
}

/** What an area is called, or nothing where it has no name here. */
export function areaName(ui: Ui, id: string | null): string | null {
  return id === null ? null : (areas(ui).find((a) => a.id === id)?.name ?? null);
}
