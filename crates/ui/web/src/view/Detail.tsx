// Everything known about the selected room or door, and everything that is not.

import { createMemo, For, Show, type JSX } from 'solid-js';
import { estimateOf, isVerbatim, joinedBy, type Attribute, type Estimate, type Twin, type Verbatim, type VerbatimStatement } from '../model/api.ts';
import { AttributeRow } from './AttributeRow.tsx';
import { ClaimForm } from './ClaimForm.tsx';
import { text } from './prefs.ts';
import { RoutePanel } from './RoutePanel.tsx';
import { useUi } from './ui.ts';
import { WhatIf } from './WhatIf.tsx';

/** What can change by itself comes first, and is listed even when nothing was ever said. */
const LIVE: Record<string, string[]> = {
  space: ['smoke', 'temperature', 'co2', 'humidity', 'occupancy', 'passable'],
  portal: ['passable', 'open'],
};
/** Listed once anything was said: few rooms have such a sensor. */
const LIVE_IF_SAID: Record<string, string[]> = {
  space: ['motion', 'phones', 'ventilation'],
  portal: ['passages', 'serviceState'],
};
const FACTS_FIRST = ['existence', 'usage', 'portalKind', 'longName', 'connects', 'isExternal', 'fireExit', 'fireRating', 'smokeStop', 'selfClosing', 'width', 'area', 'height'];

export function Detail(): JSX.Element {
  const ui = useUi();
  const twin = () => ui.picture.twins[ui.selected() ?? ''];
  return (
    <Show when={twin()} fallback={<p class="hint">{text().detail.nothing}</p>}>
      {(t) => <TwinDetail twin={t()} />}
    </Show>
  );
}

function TwinDetail(props: { twin: Twin }): JSX.Element {
  const ui = useUi();
  const kind = () => (props.twin.kind === 'portal' ? 'portal' : 'space');
  const live = createMemo(() => [...(LIVE[kind()] ?? []), ...(LIVE_IF_SAID[kind()] ?? []).filter((name) => wasSaid(estimateOf(props.twin, name)))]);
  const facts = createMemo(() => {
    const names = Object.keys(props.twin.attributes).filter((n) => !live().includes(n) && !LIVE_IF_SAID[kind()]?.includes(n) && !isVerbatim(props.twin.attributes[n] as Attribute));
    const rank = (n: string) => (FACTS_FIRST.includes(n) ? FACTS_FIRST.indexOf(n) : FACTS_FIRST.length);
    return names.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  });
  const verbatim = createMemo(() =>
    Object.entries(props.twin.attributes).filter((pair): pair is [string, Verbatim] => isVerbatim(pair[1])).sort(([a], [b]) => a.localeCompare(b)),
  );
  const usage = () => estimateOf(props.twin, kind() === 'portal' ? 'portalKind' : 'usage')?.value;
  const storey = () => ui.picture.storeyOf(props.twin.id);
  const doors = createMemo(() => {
    const plan = ui.picture.plans[storey() ?? ''];
    return kind() === 'portal' ? [] : (plan?.portals ?? []).filter((id) => joinedBy(ui.picture.twins[id]).includes(props.twin.id));
  });
  return (
    <article class="detail" data-detail={props.twin.id}>
      <header>
        <h2>{ui.nameOf(props.twin.id)}</h2>
        <p class="detail-kind">
          {typeof usage() === 'string' ? (text().usage[usage() as string] ?? String(usage())) : text().detail[kind()]}
          <Show when={storey()}>{(id) => <> · {ui.nameOf(id())}</>}</Show>
        </p>
      </header>
      <h3>{text().detail.live}</h3>
      <ul class="attributes"><For each={live()}>{(name) => <AttributeRow twin={props.twin} attribute={name} />}</For></ul>
      <ClaimForm entity={props.twin.id} kind={kind()} />
      <WhatIf entity={props.twin.id} kind={kind()} />
      <Show when={kind() === 'space'}><RoutePanel from={props.twin.id} /></Show>
      <Show when={doors().length > 0}>
        <h3>{text().detail.doors}</h3>
        <div class="door-list"><For each={doors()}>{(id) => <button type="button" onClick={() => ui.jump(id)}>{ui.nameOf(id)}</button>}</For></div>
      </Show>
      <h3>{text().detail.facts}</h3>
      <ul class="attributes"><For each={facts()}>{(name) => <AttributeRow twin={props.twin} attribute={name} />}</For></ul>
      <Show when={verbatim().length > 0}>
        <details class="verbatim">
          <summary>{text().detail.verbatim} ({verbatim().length})</summary>
          <p class="hint">{text().why.verbatim}</p>
          <dl>
            <For each={verbatim()}>
              {([name, v]) => (
                <>
                  <dt>{name}</dt>
                  <For each={v.verbatim}>{(s) => <dd><code>{verbatimText(s)}</code> <span class="claim-source">{s.source}</span></dd>}</For>
                </>
              )}
            </For>
          </dl>
        </details>
      </Show>
      <p class="twin-id">{props.twin.id}</p>
    </article>
  );
}

/** Anything but silence; what is withheld may or may not have been said. */
function wasSaid(estimate: Estimate | undefined): boolean {
  return estimate !== undefined && (estimate.status !== 'unknown' || (estimate.evidenceTime ?? null) !== null);
}

function verbatimText(s: VerbatimStatement): string {
  const t = text().why;
  if (s.retract) return t.retracted;
  if (s.absent) return t.saidAbsent;
  if (s.notApplicable) return t.saidNa;
  if (s.unknown !== undefined) return `${t.saidUnknown} (${s.unknown})`;
  return typeof s.value === 'string' ? s.value : JSON.stringify(s.value);
}
