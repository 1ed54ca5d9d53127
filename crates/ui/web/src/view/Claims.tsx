// The claims behind an estimate, newest first, each with its author, its times and what
// else is to be known of it.

import { createMemo, For, Show, type JSX } from 'solid-js';
import type { Claim, Why } from '../model/api.ts';
import { sourceName } from '../model/source.ts';
import { idOf, marksOf } from '../model/why.ts';
import { percentText, unitText, valueText } from '../model/words.ts';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

const SHOWN_MAX = 40;

interface Props {
  entity: string;
  why: Why;
  attribute: string;
  /** The moment that was asked about. */
  asked_ms: number;
  /** When something was, as told beside a claim. */
  whenOf: (time: string | undefined) => string;
}

export function Claims(props: Props): JSX.Element {
  const ui = useUi();
  const claims = () => props.why.claims;
  const marks = createMemo(() => marksOf(claims(), props.asked_ms, props.why.spec?.staleAfter_s ?? null));
  const weightOf = (claim: Claim) => props.why.contributors?.find((c) => c.claim === idOf(claim))?.weight;
  return (
    <>
      <h4>{text().why.claims}</h4>
      <ol class="claims">
        <For each={claims().slice(0, SHOWN_MAX)}>
          {(claim, i) => (
            <li class="claim" classList={{ weightless: !weightOf(claim) }}>
              <span class="claim-value">
                {aboutText(claim, props.entity, props.attribute, ui.nameOf)}{claimText(claim, ui.nameOf)}
              </span>
              <span class="claim-weight" title={text().why.weight}>
                <Show when={weightOf(claim)} fallback={text().why.set}>{(w) => percentText(w(), text())}</Show>
              </span>
              <span class="claim-source" title={claim.source}>{claim.source ? sourceName(claim.source) : ''}</span>
              <span class="claim-times">
                {text().why.observed} {props.whenOf(claim.observed)} · {text().why.recorded} {props.whenOf(claim.recorded)}
                <Show when={claim.procedure}> · {claim.procedure}</Show>
                <For each={marks()[i()]}>{(mark) => <b class="flag"> · {text().why.mark[mark]}</b>}</For>
              </span>
            </li>
          )}
        </For>
      </ol>
      <Show when={claims().length > SHOWN_MAX}><p>{text().why.more(claims().length - SHOWN_MAX)}</p></Show>
    </>
  );
}

/** What a claim speaks of, where that is not what was asked about: people are told of by the
    air they breathe, a room without a sensor by the rooms around it. */
export function aboutText(claim: Claim, entity: string, attribute: string, nameOf: (id: string) => string): string {
  const what = claim.attribute && claim.attribute !== attribute ? (text().attribute[claim.attribute] ?? claim.attribute) : '';
  const where = claim.entity && claim.entity !== entity ? nameOf(claim.entity) : '';
  const about = [what, where].filter(Boolean).join(', ');
  return about ? `${about}: ` : '';
}

export function claimText(claim: Claim, nameOf: (id: string) => string): string {
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
