// Storey selector and section strip in one: a row per storey, top storey on top, and in
// the same rows a column per stair or lift, so that both tell about the same heights.

import { createEffect, createMemo, For, on, onCleanup, onMount, Show, type JSX } from 'solid-js';
import type { StoreySummary } from '../model/api.ts';
import { sectionLayout, type Join } from '../model/section.ts';
import { badge, badgeFromCounts, type Badge } from '../model/storey.ts';
import { MARKS, shown } from '../model/estimate.ts';
import { DOUBT_MARK } from '../model/doubt.ts';
import { ContactSign } from './Contact.tsx';
import { text } from './prefs.ts';
import { LIFT_SIGN, STAIR_SIGN } from './Room.tsx';
import { useUi } from './ui.ts';

const ROW_PX = 64;
const COLUMN_PX = 40;
const BADGE_EVERY_MS = 3000;

export function StoreyColumn(): JSX.Element {
  const ui = useUi();
  let column: HTMLElement | undefined;
  // Of forty storeys the one on screen is seen among the others, also when a panel has taken
  // some of the height.
  const showCurrent = () => column?.querySelector('.storey.current')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  createEffect(on(() => ui.currentStorey()?.id, () => queueMicrotask(showCurrent)));
  onMount(() => {
    const watch = new ResizeObserver(showCurrent);
    watch.observe(column as HTMLElement);
    onCleanup(() => watch.disconnect());
  });
  return (
    <nav ref={column} class="storeys" aria-label={text().nav.storeys}>
      <div class="storey-rows">
        <ul class="storey-list">
          <For each={ui.storeys()}>{(storey) => <StoreyRow storey={storey} />}</For>
        </ul>
        <Show when={ui.section()}><SectionStrip /></Show>
      </div>
    </nav>
  );
}

function StoreyRow(props: { storey: StoreySummary }): JSX.Element {
  const ui = useUi();
  // Counting hundreds of rooms every second would be waste; a badge may lag a little.
  const slow_ms = createMemo(() => Math.floor(ui.picture.connection.now_ms() / BADGE_EVERY_MS) * BADGE_EVERY_MS);
  const share = createMemo<Badge>(() => {
    const plan = ui.picture.plans[props.storey.id];
    if (!plan) return badgeFromCounts(props.storey.spaces, props.storey.status, props.storey.alarms);
    return badge(plan.spaces.flatMap((id) => ui.picture.twins[id] ?? []), slow_ms(), ui.sources.places(), (name) => ui.organisations.standingOf(name).state === 'outOfContact');
  });
  const current = () => ui.currentStorey()?.id === props.storey.id;
  const name = () => storeyName(props.storey);
  const spoken = () => {
    const b = share();
    const t = text().storey;
    return [name(), b.alarm > 0 ? t.alarmShare(b.alarm) : '', t.unknownShare(b.unknown, b.total), b.old > 0 ? t.oldShare(b.old) : '', b.inferred > 0 ? t.inferredShare(b.inferred) : '', b.doubtful > 0 ? t.doubtfulShare(b.doubtful) : '', b.away > 0 ? text().links.awayShare(b.away) : ''].filter(Boolean).join(', ');
  };
  return (
    <li>
      <button type="button" class="storey" classList={{ current: current() }} aria-current={current() ? 'true' : undefined} aria-label={spoken()} title={spoken()} data-storey={props.storey.id} onClick={() => ui.setStorey(props.storey.id)}>
        <span class="storey-name">{name()}</span>
        <BadgeView badge={share()} />
      </button>
    </li>
  );
}

function storeyName(storey: StoreySummary): string {
  const s = shown(storey.name, 0, null);
  return typeof s.value === 'string' && s.value !== '' ? s.value : text().storey.unnamed;
}

function BadgeView(props: { badge: Badge }): JSX.Element {
  const seen = () => Math.max(0, props.badge.total - props.badge.alarm - props.badge.old - props.badge.inferred - props.badge.unknown);
  const part = (n: number) => `${(n / Math.max(1, props.badge.total)) * 100}%`;
  return (
    <span class="badge" aria-hidden="true">
      <span class="badge-counts">
        <Show when={props.badge.alarm > 0}><b class="count-alarm">!{props.badge.alarm}</b></Show>
        <Show when={props.badge.unknown > 0}><span class="count-unknown">{MARKS.unknown}{props.badge.unknown}</span></Show>
        <Show when={props.badge.old > 0}><span class="count-old">{MARKS.old}{props.badge.old}</span></Show>
        <Show when={props.badge.inferred > 0}><span class="count-inferred">{MARKS.inferred}{props.badge.inferred}</span></Show>
        <Show when={props.badge.doubtful > 0}><b class="count-doubtful">{DOUBT_MARK}{props.badge.doubtful}</b></Show>
        <Show when={props.badge.away > 0}><span class="count-away"><ContactSign state="outOfContact" />{props.badge.away}</span></Show>
      </span>
      <span class="badge-bar">
        <span class="bar-alarm" style={{ width: part(props.badge.alarm) }} />
        <span class="bar-seen" style={{ width: part(seen()) }} />
        <span class="bar-inferred" style={{ width: part(props.badge.inferred) }} />
        <span class="bar-old" style={{ width: part(props.badge.old) }} />
        <span class="bar-unknown" style={{ width: part(props.badge.total === 0 ? 1 : props.badge.unknown) }} />
      </span>
    </span>
  );
}

function SectionStrip(): JSX.Element {
  const ui = useUi();
  const layout = createMemo(() => {
    const section = ui.picture.section();
    return section && sectionLayout(section);
  });
  const rowOf = (i: number) => i * ROW_PX + ROW_PX / 2;
  return (
    <Show when={layout()}>
      {(l) => (
        <div class="section">
          <svg class="section-svg" role="group" aria-label={text().nav.section} width={Math.max(1, l().columns.length) * COLUMN_PX + 8} height={l().storeys.length * ROW_PX}>
            <For each={l().unlinked}>
              {(isUnlinked, i) => (
                <Show when={isUnlinked}>
                  <g class="unlinked" transform={`translate(0 ${(i() + 1) * ROW_PX})`}>
                    <title>{text().storey.vertical}</title>
                    <path d={`M2 0H${Math.max(1, l().columns.length) * COLUMN_PX + 6}`} />
                    <circle cx={(Math.max(1, l().columns.length) * COLUMN_PX + 8) / 2} r="9" />
                    <text x={(Math.max(1, l().columns.length) * COLUMN_PX + 8) / 2} y="5">?</text>
                  </g>
                </Show>
              )}
            </For>
            <For each={l().columns}>
              {(column, c) => (
                <g transform={`translate(${c() * COLUMN_PX + COLUMN_PX / 2 + 4} 0)`}>
                  <For each={column.joins}>
                    {(join, i) => (
                      <Show when={join !== 'none'}>
                        <g class={`join join-${join}`}>
                          <title>{joinText(join)}</title>
                          <path d={`M0 ${rowOf(i()) + 14}V${rowOf(i() + 1) - 14}`} />
                          <Show when={join === 'unknown'}><text y={(i() + 1) * ROW_PX + 5}>?</text></Show>
                        </g>
                      </Show>
                    )}
                  </For>
                  <For each={column.stops}>
                    {(stop, i) => (
                      <Show when={stop}>
                        {(s) => (
                          <g class="stop" classList={{ selected: ui.selected() === s().space }} role="button" tabindex="-1" aria-label={text().storey.stop(text().usage[column.usage] ?? column.usage, ui.nameOf(l().storeys[i()] as string))} transform={`translate(0 ${rowOf(i())})`} on:click={() => ui.jump(s().space)}>
                            <title>{text().storey.stop(text().usage[column.usage] ?? column.usage, ui.nameOf(l().storeys[i()] as string))}</title>
                            <rect class="stop-touch" x={-COLUMN_PX / 2} y={-ROW_PX / 2} width={COLUMN_PX} height={ROW_PX} />
                            <rect class={`stop-box look-${stopLook(s().status)}`} x="-14" y="-14" width="28" height="28" rx="3" />
                            <path class="sign" d={column.usage === 'lift' ? LIFT_SIGN : STAIR_SIGN} />
                          </g>
                        )}
                      </Show>
                    )}
                  </For>
                </g>
              )}
            </For>
          </svg>
        </div>
      )}
    </Show>
  );

  function joinText(join: Join): string {
    return join === 'unknown' ? text().storey.vertical : join === 'doubtful' ? text().storey.verticalDoubtful : text().usage['stair'] ?? '';
  }
}

function stopLook(status: string): string {
  return status === 'observed' || status === 'fused' ? 'observed' : status === 'stale' ? 'old' : status;
}
