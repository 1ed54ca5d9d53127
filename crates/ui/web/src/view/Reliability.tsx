// How often it was so where so much was foreseen: on the diagonal, foreseeing holds
// (reliability diagram; Murphy & Winkler 1977).

import { For, Show, type JSX } from 'solid-js';
import type { ReliabilityBin } from '../model/calibration.ts';
import { percentText } from '../model/words.ts';
import { text } from './prefs.ts';

const SIZE = 120;
const MARGIN = 8;
/** Radius of the point that most looks stand behind. */
const RADIUS_MAX = 6;

export function Reliability(props: { bins: ReliabilityBin[] | undefined }): JSX.Element {
  const bins = () => (props.bins ?? []).filter((bin) => bin.n > 0);
  const most = () => Math.max(...bins().map((bin) => bin.n));
  const at = (share: number) => MARGIN + share * (SIZE - 2 * MARGIN);
  const words = (bin: ReliabilityBin) => text().calibration.reliability(percentText(bin.foreseen, text()), percentText(bin.said, text()), bin.n);
  return (
    <Show when={bins().length > 0}>
      <figure class="reliability">
        <svg width={SIZE} height={SIZE} viewBox={`0 0 ${SIZE} ${SIZE}`} aria-hidden="true">
          <rect class="pit-band" x={MARGIN} y={MARGIN} width={SIZE - 2 * MARGIN} height={SIZE - 2 * MARGIN} />
          <path class="pit-even" d={`M${at(0)} ${at(1)}L${at(1)} ${at(0)}`} />
          <For each={bins()}>{(bin) => <circle class="coverage-held" cx={at(bin.foreseen)} cy={at(1 - bin.said)} r={Math.max(2.5, RADIUS_MAX * Math.sqrt(bin.n / most()))} />}</For>
        </svg>
        <figcaption><ul><For each={bins()}>{(bin) => <li>{words(bin)}</li>}</For></ul></figcaption>
      </figure>
    </Show>
  );
}
