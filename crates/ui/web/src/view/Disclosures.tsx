// What has left this node, as it was put on record before it left; the latest.

import { createSignal, For, Show, type JSX } from 'solid-js';
import type { Disclosure } from '../model/members.ts';
import { createAsked, problemText } from './asked.ts';
import { clockOf } from './Contact.tsx';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

const SHOWN_MAX = 50;

export function Disclosures(): JSX.Element {
  const [open, setOpen] = createSignal(false);
  return (
    <details data-list="disclosures" onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>{text().links.disclosures}</summary>
      <Show when={open()}><Latest /></Show>
    </details>
  );
}

function Latest(): JSX.Element {
  const ui = useUi();
  const asked = createAsked<{ disclosures: Disclosure[] }>(() => `/v1/disclosures?limit=${SHOWN_MAX}`);
  const rules = (d: Disclosure) => ((d.shares ?? []).length > 0 ? text().links.byRules((d.shares as number[]).join(', ')) : '');
  return (
    <>
      <Show when={asked.error()}>{(e) => <p class="problem">{problemText(e())}</p>}</Show>
      <Show when={asked.found()} fallback={<Show when={!asked.error()}><p class="hint">{text().why.loading}</p></Show>}>
        {(list) => (
          <ul class="score-list">
            <For each={list().disclosures} fallback={<li class="hint">{text().links.noDisclosures}</li>}>
              {(d) => <li><b>{text().links.disclosed(d.claims, d.toName ?? d.to)}</b> <span class="source-facts">{[clockOf(ui)(d.at), text().links.class[d.class] ?? d.class, rules(d)].filter(Boolean).join(' · ')}</span></li>}
            </For>
          </ul>
        )}
      </Show>
    </>
  );
}
