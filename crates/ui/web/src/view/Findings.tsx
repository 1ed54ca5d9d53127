// What was wrong with the files, each with its meaning and the place it is about.

import { createMemo, createSignal, For, Show, type JSX } from 'solid-js';
import type { Finding, Severity } from '../model/api.ts';
import { text } from './prefs.ts';
import { ToldTabs } from './ReviewTabs.tsx';
import { useUi } from './ui.ts';

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note'];
const SHOWN_MAX = 300;
const SIGNS: Record<Severity, string> = { error: '✕', warning: '△', note: 'i' };

export function Findings(): JSX.Element {
  const ui = useUi();
  const [filter, setFilter] = createSignal('');
  const [severity, setSeverity] = createSignal<Severity | null>(null);
  const all = () => ui.picture.findings() ?? [];
  const chosen = createMemo(() => {
    const words = filter().toLowerCase().split(/\s+/).filter(Boolean);
    return all().filter((f) => (severity() === null || f.severity === severity()) && words.every((w) => haystack(f, ui.nameOf).includes(w)));
  });
  return (
    <section class="findings">
      <ToldTabs />
      <div class="finding-filter">
        <input type="search" placeholder={text().findings.filter} aria-label={text().findings.filter} value={filter()} onInput={(e) => setFilter(e.currentTarget.value)} />
        <div class="segments" role="group">
          <button type="button" aria-pressed={severity() === null} onClick={() => setSeverity(null)}>{text().findings.all}</button>
          <For each={SEVERITIES}>
            {(s) => <button type="button" aria-pressed={severity() === s} onClick={() => setSeverity(s)}>{SIGNS[s]} {all().filter((f) => f.severity === s).length}</button>}
          </For>
        </div>
        <p class="hint">{text().findings.shown(chosen().length, all().length)}</p>
      </div>
      <Show when={ui.picture.findingsProblem()}>{(e) => <p class="problem">{text().findings.away}: {(e() as Error).message}</p>}</Show>
      <Show when={ui.picture.findings()} fallback={<Show when={!ui.picture.findingsProblem()}><p class="hint">{text().why.loading}</p></Show>}>
        <ul class="finding-list">
          <For each={chosen().slice(0, SHOWN_MAX)} fallback={<li class="hint">{text().findings.none}</li>}>{(f) => <FindingRow finding={f} />}</For>
        </ul>
      </Show>
    </section>
  );
}

function FindingRow(props: { finding: Finding }): JSX.Element {
  const ui = useUi();
  const f = () => props.finding;
  const place = () => (f().entity && ui.picture.storeyOf(f().entity as string) ? (f().entity as string) : null);
  return (
    <li class={`finding severity-${f().severity}`}>
      <p class="finding-head">
        <span class="severity-sign" aria-label={text().findings.severity[f().severity]}>{SIGNS[f().severity]}</span>
        <code>{f().code}</code>
        <span class="hint">{[f().item, f().field, f().line ? text().findings.line(f().line as number) : null].filter(Boolean).join(' · ')}</span>
      </p>
      <p class="finding-message">{f().message}</p>
      <Show when={text().codes[f().code]}>{(meaning) => <p class="finding-meaning">{meaning()}</p>}</Show>
      <Show when={place()}>{(id) => <button type="button" onClick={() => ui.jump(id())}>{text().findings.jump}: {ui.nameOf(id())}</button>}</Show>
    </li>
  );
}

function haystack(f: Finding, nameOf: (id: string) => string): string {
  return [f.code, f.message, f.item, f.field, f.entity ? nameOf(f.entity) : ''].filter(Boolean).join(' ').toLowerCase();
}
