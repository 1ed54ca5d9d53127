// What was said against what held, on one scale from none to all.

import { Show, type JSX } from 'solid-js';
import { percentText } from '../model/words.ts';
import { text } from './prefs.ts';

const WIDTH = 150;
const HEIGHT = 20;

interface Props {
  /** The share that was claimed. */
  says: number;
  holds: number | null | undefined;
  /** Where the share lies, given so few checks. */
  band?: [number, number] | null | undefined;
}

export function CoverageRow(props: Props): JSX.Element {
  const x = (share: number) => 2 + share * (WIDTH - 4);
  const holds = () => (typeof props.holds === 'number' ? props.holds : null);
  const words = () => text().calibration.coverage(percentText(props.says, text()), percentText(holds() as number, text()));
  return (
    <Show when={holds() !== null}>
      <div class="coverage" data-coverage={props.says}>
        <span>{words()}</span>
        <svg width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
          <path class="coverage-scale" d={`M2 10H${WIDTH - 2}`} />
          <Show when={props.band}>{(band) => <path class="coverage-band" d={`M${x(band()[0])} 10H${x(band()[1])}M${x(band()[0])} 6V14M${x(band()[1])} 6V14`} />}</Show>
          <path class="coverage-said" d={`M${x(props.says)} 1V19`} />
          <circle class="coverage-held" cx={x(holds() as number)} cy="10" r="4.5" />
        </svg>
      </div>
    </Show>
  );
}
