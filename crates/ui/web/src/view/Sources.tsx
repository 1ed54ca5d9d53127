// Who can be relied on: doubtful sources first, what each suffers from, where it is, and
// setting it aside.

import { createMemo, createResource, createSignal, For, Show, type JSX } from 'solid-js';
import { byDoubt, DOUBTFUL_STATES, maySetAside, type HealthState, type SourceHealth } from '../model/health.ts';
import { sourceName } from '../model/source.ts';
import { BeliefTabs } from './BeliefTabs.tsx';
import { HealthSign } from './HealthSign.tsx';
import { text } from './prefs.ts';
import { SetAside } from './SetAside.tsx';
import { SourceRow } from './SourceRow.tsx';
import { useUi, type Ui } from './ui.ts';

const SHOWN_MAX = 200;

export function SourcesPanel(): JSX.Element {
  const ui = useUi();
  const [filter, setFilter] = createSignal('');
  const [state, setState] = createSignal<HealthState | null>(null);
  // Those that do well are many and seldom looked for.
  const [well] = createResource(() => state() === 'ok', () => ui.sources.inState('ok').catch(() => []));
  const listed = () => (state() === 'ok' ? (well.latest ?? []) : (ui.sources.doubtful() ?? []).filter((h) => state() === null || h.state === state()));
  const chosen = createMemo(() => {
    const words = filter().toLowerCase().split(/\s+/).filter(Boolean);
    return listed().filter((h) => words.every((w) => haystack(ui, h).includes(w))).sort(byDoubt);
  });
  // By name, so that a row keeps its place and what is typed there when news comes in.
  const shown = createMemo(() => new Map(chosen().slice(0, SHOWN_MAX).map((h) => [`${h.source} ${h.attribute} ${h.entity}`, h])));
  const count = (of: HealthState) => (ui.sources.doubtful() ?? []).filter((h) => h.state === of).length;
  return (
    <section class="sources">
      <BeliefTabs />
      <Show when={!maySetAside(ui.picture.session()?.role)}><p class="hint">{text().sources.mayNot}</p></Show>
      <Show when={ui.sources.recomputing() !== null}>
        <p class="recomputing" role="status">{text().sources.recomputing} <progress max="1" value={ui.sources.recomputing() as number} /></p>
      </Show>
      <SetAside />
      <div class="finding-filter">
        <input type="search" placeholder={text().findings.filter} aria-label={text().findings.filter} value={filter()} onInput={(e) => setFilter(e.currentTarget.value)} />
        <div class="states" role="group" aria-label={text().sources.states}>
          <button type="button" aria-pressed={state() === null} onClick={() => setState(null)}>{text().sources.doubtful} {ui.sources.doubtful()?.length ?? ''}</button>
          <For each={[...DOUBTFUL_STATES, 'ok'] as const}>
            {(s) => (
              <button type="button" data-state={s} aria-pressed={state() === s} onClick={() => setState(s)}>
                <HealthSign state={s} /> {text().sources.state[s]} <Show when={s !== 'ok'}>{count(s)}</Show>
              </button>
            )}
          </For>
        </div>
        <p class="hint">{text().findings.shown(Math.min(SHOWN_MAX, chosen().length), listed().length)}</p>
      </div>
      <Show when={ui.sources.problem()}>{(e) => <p class="problem">{text().sources.failed}: {(e() as Error).message}</p>}</Show>
      <Show when={ui.sources.doubtful() && !well.loading} fallback={<Show when={!ui.sources.problem()}><p class="hint">{text().why.loading}</p></Show>}>
        <ul class="source-list">
          <For each={[...shown().keys()]} fallback={<li class="hint">{state() === null ? text().sources.noneDoubtful : text().findings.none}</li>}>
            {(key) => <Show when={shown().get(key)}>{(h) => <SourceRow health={h()} />}</Show>}
          </For>
        </ul>
      </Show>
    </section>
  );
}

function haystack(ui: Ui, h: SourceHealth): string {
  return [h.source, sourceName(h.source), ui.nameOf(h.entity), text().attribute[h.attribute] ?? h.attribute].join(' ').toLowerCase();
}
