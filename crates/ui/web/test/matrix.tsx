// Every status of every quantity, drawn by the components of the page: areas without
// words (so that pixels compare colour and texture alone), areas with words, the colour
// steps, and the lines of the detail panel. `?theme=` and `?language=` choose.

import { For, type JSX } from 'solid-js';
import { render } from 'solid-js/web';
import '../src/style/index.css';
import './matrix.css';
import { STATUSES, type Estimate, type Status } from '../src/model/api.ts';
import { shown } from '../src/model/estimate.ts';
import { QUANTITIES, type Quantity } from '../src/model/quantity.ts';
import { areaLabel } from '../src/model/words.ts';
import { Area } from '../src/view/Area.tsx';
import { EstimateLine } from '../src/view/AttributeRow.tsx';
import { sampleShown } from '../src/view/Key.tsx';
import { Label, labelLines } from '../src/view/Label.tsx';
import { Patterns } from '../src/view/Patterns.tsx';
import { prefs, text, type Language, type Theme } from '../src/view/prefs.ts';

const NOW = Date.parse('2026-01-05T08:00:00Z');
const WIDTH = 132;
const HEIGHT = 90;
const BOX = `M6 6H${WIDTH - 6}V${HEIGHT - 6}H6Z`;
const SPOT = { at: [WIDTH / 2, HEIGHT / 2] as const, width: WIDTH, height: HEIGHT };

/** The value nobody would worry about: what every other status must not be taken for. */
function safe(q: Quantity): Estimate['value'] {
  return { number: q.id === 'co2' ? 600 : q.id === 'humidity' ? 20 : 21, count: 0, boolean: false, probability: true }[q.form];
}

/** With a value on the wire whatever the status, because the page must not show it. */
function estimate(q: Quantity, status: Status): Estimate {
  const age_s = status === 'stale' ? 7200 : 30;
  const value = safe(q) as NonNullable<Estimate['value']>;
  return {
    status, value, unit: q.id === 'temperature' ? 'Cel' : q.id === 'co2' ? '[ppm]' : null, probability: 0.99, sources: status === 'fused' ? 2 : 1,
    interval: typeof value === 'number' ? { level: 0.9, lo: value, hi: value + 1 } : null,
    evidenceTime: new Date(NOW - age_s * 1000).toISOString(),
    alternatives: status === 'conflicting' ? [{ value, probability: 0.6 }, { value: typeof value === 'number' ? value + 9 : !value, probability: 0.4 }] : null,
  };
}

function Cell(props: { quantity: Quantity; status: Status; words: boolean }): JSX.Element {
  const e = estimate(props.quantity, props.status);
  const s = shown(e, NOW, props.quantity.staleAfter_s, props.quantity);
  const lines = () => labelLines('Room', areaLabel(props.quantity, s, text(), e.alternatives), s.mark, WIDTH, HEIGHT);
  return (
    <svg class="cell" width={WIDTH} height={HEIGHT} data-cell={`${props.quantity.id}/${props.status}/${props.words ? 'words' : 'bare'}`}>
      <Area path={BOX} shown={s} quantity={props.quantity.id} patterns="matrix" />
      {props.words && <Label spot={SPOT} scale={1} lines={lines()} shown={s} />}
    </svg>
  );
}

function Step(props: { quantity: Quantity; step: 0 | 1 | 2 | 3 | 4 }): JSX.Element {
  const s = sampleShown('observed', props.step);
  return (
    <svg class="cell" width={WIDTH} height={HEIGHT} data-step={`${props.quantity.id}/${props.step}`}>
      <Area path={BOX} shown={s} quantity={props.quantity.id} patterns="matrix" />
      <Label spot={SPOT} scale={1} lines={[{ text: 'Room', kind: 'name' }, { text: 'value', kind: 'value' }]} shown={s} />
    </svg>
  );
}

function Matrix(): JSX.Element {
  return (
    <main class="matrix">
      <svg width="0" height="0"><Patterns id="matrix" scale={1} /></svg>
      <For each={[false, true]}>
        {(words) => <For each={QUANTITIES}>{(q) => <div class="row"><For each={STATUSES}>{(status) => <Cell quantity={q} status={status} words={words} />}</For></div>}</For>}
      </For>
      <For each={QUANTITIES}>{(q) => <div class="row"><For each={[0, 1, 2, 3, 4] as const}>{(step) => <Step quantity={q} step={step} />}</For></div>}</For>
      <For each={QUANTITIES}>
        {(q) => (
          <For each={STATUSES}>
            {(status) => (
              <div data-line={`${q.id}/${status}`}>
                <EstimateLine label="Label" attribute={q.id} estimate={estimate(q, status)} shown={shown(estimate(q, status), NOW, q.staleAfter_s, q)} nameOf={(id) => id} />
              </div>
            )}
          </For>
        )}
      </For>
    </main>
  );
}

const query = new URLSearchParams(location.search);
prefs.setTheme((query.get('theme') ?? 'light') as Theme);
prefs.setLanguage((query.get('language') ?? 'en') as Language);
render(() => <Matrix />, document.getElementById('app') as HTMLElement);
