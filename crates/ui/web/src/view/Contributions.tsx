// Who contributes how much: a bar for each source, the weightiest first.

import { createMemo, For, Show, type JSX } from 'solid-js';
import type { Why } from '../model/api.ts';
import { sourceName } from '../model/source.ts';
import { contributions } from '../model/why.ts';
import { percentText } from '../model/words.ts';
import { claimText } from './Claims.tsx';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

export function Contributions(props: { why: Why; attribute: string; whenOf: (time: string | undefined) => string }): JSX.Element {
  const ui = useUi();
  const parts = createMemo(() => contributions(props.why));
  const told = (attribute: string | undefined) => (attribute && attribute !== props.attribute ? `${text().attribute[attribute] ?? attribute}: ` : '');
  return (
    <>
      <h4>{text().why.contributions}</h4>
      <ul class="contributions">
        <For each={parts()}>
          {(part) => (
            <li class="contribution" data-source={part.source}>
              <span class="contribution-who"><b title={part.source}>{sourceName(part.source)}</b> <span class="claim-source">{text().why.readings(part.readings)}</span></span>
              <span class="contribution-share">{percentText(part.weight, text())}</span>
              <span class="weight-bar" aria-hidden="true"><span style={{ width: `${Math.min(1, part.weight) * 100}%` }} /></span>
              <span class="claim-times">
                <Show when={part.newest}>{(claim) => <>{told(claim().attribute)}{claimText(claim(), ui.nameOf)} · </>}</Show>
                {props.whenOf(part.observed)}
              </span>
            </li>
          )}
        </For>
      </ul>
    </>
  );
}
