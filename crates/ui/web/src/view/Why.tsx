// Why the node believes it: who contributes how much, in what state they are, and every
// claim behind it, newest first. The same for another time than now.

import { createEffect, createResource, createSignal, Match, on, Show, Switch, type JSX } from 'solid-js';
import type { Twin, Why } from '../model/api.ts';
import { ageSeconds, ageText } from '../model/age.ts';
import { shown } from '../model/estimate.ts';
import { isNow, momentQuery, NOW, type Moment } from '../model/moment.ts';
import { QUANTITIES, STALE_AFTER_S } from '../model/quantity.ts';
import { Away, enc } from '../live/client.ts';
import { EstimateLine } from './AttributeRow.tsx';
import { Changes } from './Changes.tsx';
import { Claims } from './Claims.tsx';
import { FromLines } from './Contact.tsx';
import { Contributions } from './Contributions.tsx';
import { dayClockText, MomentChoice, momentText } from './MomentChoice.tsx';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

export function WhyView(props: { twin: Twin; attribute: string }): JSX.Element {
  const ui = useUi();
  const [moment, setMoment] = createSignal<Moment>(NOW);
  createEffect(on(() => [props.twin.id, props.attribute], () => setMoment(NOW), { defer: true }));
  const path = () => `/v1/entities/${enc(props.twin.id)}/attributes/${enc(props.attribute)}/why${momentQuery(moment())}`;
  // Asked again whenever the estimate itself changes, so the claims belong to the number
  // above; what was believed at another time does not change with it.
  const key = () => (isNow(moment()) ? `${path()}#${JSON.stringify(props.twin.attributes[props.attribute] ?? null)}` : path());
  const [why] = createResource(key, () => {
    const of = path();
    return ui.picture.client.get<Why>(of).then((found) => ({ of, found, error: undefined }), (error: unknown) => ({ of, found: undefined, error }));
  });
  // The last answer stays while it is asked again, but never under another time's name.
  const answer = () => (why.latest?.of === path() ? why.latest : undefined);
  return (
    <div class="why" data-why={props.attribute} aria-busy={why.loading}>
      <MomentChoice moment={moment()} onChoose={setMoment} />
      <Switch fallback={<p>{text().why.loading}</p>}>
        <Match when={answer()?.error}>{(e) => <p class="problem">{e() instanceof Away ? text().why.away : `${text().why.failed}: ${(e() as Error).message}`}</p>}</Match>
        <Match when={answer()?.found}>{(w) => <Behind why={w()} twin={props.twin} attribute={props.attribute} moment={moment()} />}</Match>
      </Switch>
    </div>
  );
}

function Behind(props: { why: Why; twin: Twin; attribute: string; moment: Moment }): JSX.Element {
  const ui = useUi();
  const asked_ms = () => props.moment.at_ms ?? ui.picture.connection.now_ms();
  /** Ages count on by themselves; of another time the clock is told. */
  const whenOf = (time: string | undefined) => {
    const age_s = ageSeconds(time, ui.picture.connection.now_ms());
    if (age_s === null) return text().lookShort.unknown;
    return isNow(props.moment) ? text().ago(ageText(age_s, text().age)) : dayClockText(Date.parse(time as string), ui.picture.connection.offset_ms());
  };
  const staleAfter_s = () => props.why.spec?.staleAfter_s ?? null;
  return (
    <>
      <Show when={!isNow(props.moment)}>
        <div class="then" data-then={props.why.estimate.status}>
          <EstimateLine
            label={momentText(props.moment, ui.picture.connection.offset_ms())}
            attribute={props.attribute}
            estimate={props.why.estimate}
            shown={shown(props.why.estimate, asked_ms(), STALE_AFTER_S[props.attribute] ?? null, QUANTITIES.find((q) => q.id === props.attribute))}
            nameOf={ui.nameOf}
            ageOf={text().earlier}
          />
          <FromLines estimate={props.why.estimate} age_s={null} />
        </div>
      </Show>
      <Show when={props.why.spec?.meaning}>
        <p class="why-meaning">
          {props.why.spec?.meaning}
          <Show when={staleAfter_s()}>{(s) => <>; {text().why.staleAfter(ageText(s(), text().age))}</>}</Show>
        </p>
      </Show>
      <Show when={props.why.contributors?.length > 0}><Contributions why={props.why} entity={props.twin.id} attribute={props.attribute} whenOf={whenOf} /></Show>
      <Changes why={props.why} attribute={props.attribute} />
      <Show when={(props.why.claims ?? []).length > 0} fallback={<p>{props.why.estimate?.status === 'withheld' ? text().detail.withheld : text().why.none}</p>}>
        <Claims why={props.why} entity={props.twin.id} attribute={props.attribute} asked_ms={asked_ms()} whenOf={whenOf} />
      </Show>
    </>
  );
}
