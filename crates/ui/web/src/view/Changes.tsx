// What would change an estimate most, the most first: where to look to be surer, and on
// whom it hangs.

import { createMemo, For, Show, type JSX } from 'solid-js';
import type { Why } from '../model/api.ts';
import { influenceText, type Influence } from '../model/influence.ts';
import { sourceName } from '../model/source.ts';
import { text } from './prefs.ts';

const SHOWN_MAX = 6;

export function Changes(props: { why: Why; attribute: string }): JSX.Element {
  const lines = createMemo(() =>
    (props.why.changes ?? []).map((change) => ({ change, words: influenceText(change, props.why.estimate, props.attribute, text()) })).filter((line) => line.words !== '').slice(0, SHOWN_MAX),
  );
  const what = (change: Influence) => (change.change === 'reading' ? text().why.aReading : text().why.without(sourceName(change.source ?? '')));
  return (
    <Show when={lines().length > 0}>
      <h4>{text().why.changes}</h4>
      <ol class="changes">
        <For each={lines()}>
          {(line) => <li class="change" data-change={line.change.change}><b title={line.change.source ?? undefined}>{what(line.change)}</b>: {line.words}</li>}
        </For>
      </ol>
    </Show>
  );
}
