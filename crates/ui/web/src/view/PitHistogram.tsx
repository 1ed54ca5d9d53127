// Where in what was said the truth fell: twenty bars that are even when estimates are as
// sure as they say. Horns at the ends mean too sure, a hump in the middle too unsure
// (probability integral transform; Dawid 1984, Gneiting et al. 2007).

import { createMemo, For, Show, type JSX } from 'solid-js';
import { pitBars } from '../model/calibration.ts';
import { text } from './prefs.ts';

const WIDTH = 300;
const HEIGHT = 72;

export function PitHistogram(props: { counts: number[] | null | undefined }): JSX.Element {
  const pit = createMemo(() => pitBars(props.counts));
  return (
    <Show when={pit()}>
      {(p) => {
        const bar = () => WIDTH / p().bars.length;
        const y = (height: number) => HEIGHT - height * (HEIGHT - 2);
        const words = () => text().calibration.pit(p().bars.length - p().odd, p().bars.length);
        return (
          <figure class="pit">
            <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={words()}>
              <rect class="pit-band" x="0" y={y(p().hi)} width={WIDTH} height={y(p().lo) - y(p().hi)} />
              <For each={p().bars}>{(b, i) => <rect class="pit-bar" classList={{ odd: b.isOdd }} x={i() * bar() + 1.5} y={y(b.height)} width={bar() - 3} height={HEIGHT - y(b.height)} />}</For>
              <path class="pit-even" d={`M0 ${y(p().even)}H${WIDTH}`} />
            </svg>
            <figcaption>{words()}</figcaption>
          </figure>
        );
      }}
    </Show>
  );
}
