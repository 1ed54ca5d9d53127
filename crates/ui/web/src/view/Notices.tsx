// What the link has to tell, each with the meaning of its code.

import { For, Show, type JSX } from 'solid-js';
import type { LinkNotice } from '../model/members.ts';
import { createAsked, problemText } from './asked.ts';
import { clockOf } from './Contact.tsx';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

const SHOWN_MAX = 50;

export function Notices(): JSX.Element {
  const ui = useUi();
  const asked = createAsked<{ notices: LinkNotice[] }>(() => `/v1/link/notices?limit=${SHOWN_MAX}`);
  return (
    <>
      <h3>{text().links.notices}</h3>
      <Show when={asked.error()}>{(e) => <p class="problem">{problemText(e())}</p>}</Show>
      <Show when={asked.found()} fallback={<Show when={!asked.error()}><p class="hint">{text().why.loading}</p></Show>}>
        {(list) => (
          <ul class="finding-list" data-list="notices">
            <For each={list().notices} fallback={<li class="hint">{text().links.noNotices}</li>}>
              {(n) => (
                <li class="finding">
                  <p class="finding-head"><code>{n.code}</code> <span class="hint">{clockOf(ui)(n.at)}</span></p>
                  <p class="finding-message">{n.message}</p>
                  <Show when={text().codes[n.code]}>{(meaning) => <p class="finding-meaning">{meaning()}</p>}</Show>
                </li>
              )}
            </For>
          </ul>
        )}
      </Show>
    </>
  );
}
