// Why the node believes it: the claims, newest first, who made them and what they weigh.

import { createResource, For, Match, Show, Switch, type JSX } from 'solid-js';
import type { Claim, Why } from '../model/api.ts';
import { ageSeconds, ageText } from '../model/age.ts';
import { percentText, unitText, valueText } from '../model/words.ts';
import { Away, enc } from '../live/client.ts';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

const SHOWN_MAX = 40;

export function WhyView(props: { entity: string; attribute: string }): JSX.Element {
  const ui = useUi();
  const path = () => `/v1/entities/${enc(props.entity)}/attributes/${enc(props.attribute)}/why`;
  // Asked again whenever the estimate itself changes, so the claims belong to the number above.
  const key = () => `${path()}#${JSON.stringify(ui.picture.twins[props.entity]?.attributes[props.attribute] ?? null)}`;
  const [why] = createResource(key, () => ui.picture.client.get<Why>(path()).then((found) => ({ found }), (error: unknown) => ({ error })));
  const found = () => {
    const w = why.latest;
    return w && 'found' in w ? w.found : undefined;
  };
  const error = () => {
    const w = why.latest;
    return w && 'error' in w ? w.error : undefined;
  };
  return (
    <div class="why" data-why={props.attribute}>
      <Switch fallback={<p>{text().why.loading}</p>}>
        <Match when={error()}>{(e) => <p class="problem">{e() instanceof Away ? text().why.away : `${text().why.failed}: ${(e() as Error).message}`}</p>}</Match>
        <Match when={found()}>{(w) => <Claims why={w()} />}</Match>
      </Switch>
    </div>
  );
}

function Claims(props: { why: Why }): JSX.Element {
  const ui = useUi();
  const claims = () => props.why.claims ?? [];
  const weightOf = (claim: Claim) => props.why.contributors?.find((c) => c.claim === idOf(claim))?.weight;
  const age = (time: string | undefined) => {
    const age_s = ageSeconds(time, ui.picture.connection.now_ms());
    return age_s === null ? text().lookShort.unknown : text().ago(ageText(age_s, text().age));
  };
  return (
    <>
      <Show when={props.why.spec?.meaning}>
        <p class="why-meaning">
          {props.why.spec?.meaning}
          <Show when={props.why.spec?.staleAfter_s}>{(s) => <>; {text().why.staleAfter(ageText(s(), text().age))}</>}</Show>
        </p>
      </Show>
      <Show when={claims().length > 0} fallback={<p>{props.why.estimate?.status === 'withheld' ? text().detail.withheld : text().why.none}</p>}>
        <ol class="claims">
          <For each={claims().slice(0, SHOWN_MAX)}>
            {(claim) => (
              <li class="claim" classList={{ weightless: !weightOf(claim) }}>
                <span class="claim-value">{claimValue(claim, ui.nameOf)}</span>
                <span class="claim-weight" title={text().why.weight}>
                  <Show when={weightOf(claim)} fallback={text().why.set}>
                    {(w) => <><span class="weight-bar"><span style={{ width: `${w() * 100}%` }} /></span>{percentText(w(), text())}</>}
                  </Show>
                </span>
                <span class="claim-source">{claim.source}</span>
                <span class="claim-times">
                  {text().why.observed} {age(claim.observed)} · {text().why.recorded} {age(claim.recorded)}
                  <Show when={claim.procedure}> · {claim.procedure}</Show>
                </span>
              </li>
            )}
          </For>
        </ol>
        <Show when={claims().length > SHOWN_MAX}><p>{text().why.more(claims().length - SHOWN_MAX)}</p></Show>
      </Show>
    </>
  );
}

function idOf(claim: Claim): string | undefined {
  return claim.claim ?? claim.id;
}

function claimValue(claim: Claim, nameOf: (id: string) => string): string {
  const t = text();
  if (claim.retract) return t.why.retracted;
  if (claim.absent) return t.why.saidAbsent;
  if (claim.notApplicable) return t.why.saidNa;
  if (claim.unknown !== undefined && claim.unknown !== false) return typeof claim.unknown === 'string' ? `${t.why.saidUnknown} (${claim.unknown})` : t.why.saidUnknown;
  const unit = unitText(claim.unit);
  const value = valueText(claim.value, unit, t, nameOf);
  if (claim.uncertainty?.sd !== undefined) return `${value} ± ${valueText(claim.uncertainty.sd, '', t)}`;
  return claim.uncertainty?.probability !== undefined ? `${value} (${percentText(claim.uncertainty.probability, t)})` : value;
}
