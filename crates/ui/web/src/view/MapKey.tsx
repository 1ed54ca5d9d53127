// What the lines of the map mean, beside the key of the looks.

import { For, type JSX } from 'solid-js';
import { text } from './prefs.ts';

/** A street that is open to people, one of which nobody said so, one that is not; a house,
    one whose inside is known, and water. */
const SAMPLES = ['walkable', 'unknown', 'barred', 'house', 'inside', 'water'] as const;

export function MapKey(): JSX.Element {
  return (
    <ul class="key-looks shown map-key">
      <For each={SAMPLES}>
        {(sample) => (
          <li>
            <svg class={`map-sample ${sample}`} width="56" height="24" aria-hidden="true"><Sample sample={sample} /></svg>
            <span>{text().map.meaning[sample]}</span>
          </li>
        )}
      </For>
    </ul>
  );
}

function Sample(props: { sample: (typeof SAMPLES)[number] }): JSX.Element {
  const isStreet = ['walkable', 'unknown', 'barred'].includes(props.sample);
  return isStreet ? <><path class="kerb" d="M4 12H52" /><path class="way" d="M4 12H52" /></> : <rect x="8" y="3" width="40" height="18" />;
}
