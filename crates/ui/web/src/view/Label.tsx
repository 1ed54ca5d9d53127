// What stands in a room: name, value, age. Where the three do not fit, the value goes
// before it would stand without its age.

import { For, Show, type JSX } from 'solid-js';
import type { Shown } from '../model/estimate.ts';
import type { LabelSpot } from '../model/geometry.ts';
import type { AreaLabel } from '../model/words.ts';

export interface LabelLine { text: string; kind: 'name' | 'value' | 'fine' | 'age' | 'mark' }

const LINE_PX = 17;
const CHAR_PX: Record<LabelLine['kind'], number> = { name: 6.6, value: 8.6, fine: 7.3, age: 6.6, mark: 12 };

/** The most telling set of lines that fits into `width` × `height` pixels. */
export function labelLines(name: string, label: AreaLabel | null, mark: string, width: number, height: number): LabelLine[] {
  const line = (text: string, kind: LabelLine['kind']): LabelLine => ({ text, kind });
  const options: LabelLine[][] = label
    ? [
        [line(name, 'name'), line(label.value, 'value'), line(label.age, 'age')],
        [line(name, 'name'), line(label.value, 'fine'), line(label.age, 'age')],
        [line(label.value, 'value'), line(label.age, 'age')],
        [line(label.value, 'fine'), line(label.age, 'age')],
        [line(label.age ? `${label.value} · ${label.age}` : label.value, 'value')],
        [line(name, 'name'), line(mark, 'mark')],
        [line(mark, 'mark')],
      ]
    : [[line(name, 'name')]];
  const filled = options.map((lines) => lines.filter((l) => l.text !== ''));
  const fits = (lines: LabelLine[]) =>
    lines.length > 0 && lines.length * LINE_PX <= height && lines.every((l) => l.text.length * CHAR_PX[l.kind] + 4 <= width);
  return filled.find(fits) ?? [];
}

interface Props { spot: LabelSpot; scale: number; lines: LabelLine[]; shown: Shown }

export function Label(props: Props): JSX.Element {
  const top = () => (-(props.lines.length - 1) * LINE_PX) / 2 + 5;
  return (
    <g class={`label look-${props.shown.look} step-${props.shown.step ?? 'none'}`} transform={`translate(${props.spot.at[0]} ${props.spot.at[1]}) scale(${1 / props.scale})`}>
      <Show when={props.shown.alarm}>
        <path class="alarm-sign" transform={`translate(0 ${top() - 26})`} d={props.lines.length > 1 ? 'M0 -11L12 10H-12Z' : 'M0 -8L9 8H-9Z'} />
        <text class="alarm-mark" y={top() - 18}>!</text>
      </Show>
      <For each={props.lines}>{(l, i) => <text class={l.kind} y={top() + i() * LINE_PX}>{l.text}</text>}</For>
    </g>
  );
}
