// What has left this node, as it was put on record before it left; the latest.

import { createSignal, For, Show, type JSX } from 'solid-js';
import type { Disclosure } from '../model/members.ts';
import { TO_MEMBERS } from '../model/sharing.ts';
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
  const facts = (d: Disclosure) => [text().links.withinHour(clockOf(ui)(d.hour)), text().links.class[d.class] ?? d.class, text().links.byRule(d.share)];
  const nameOf = (d: Disclosure) => (d.to === TO_MEMBERS ? text().shares.everyMember : (d.toName ?? d.to ?? text().links.formerMember));
  return (
    <>
      <Show when={asked.error()}>{(e) => <p class="problem">{problemText(e())}</p>}</Show>
      <Show when={asked.found()} fallback={<Show when={!asked.error()}><p class="hint">{text().why.loading}</p></Show>}>
        {(list) => (
          <ul class="score-list">
            <For each={list().disclosures} fallback={<li class="hint">{text().links.noDisclosures}</li>}>
              {(d) => <li><b>{text().links.disclosed(d.claims, nameOf(d))}</b> <span class="source-facts">{facts(d).join(' · ')}</span></li>}
            </For>
          </ul>
        )}
      </Show>
    </>
  );
}
