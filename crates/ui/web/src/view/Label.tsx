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

interface Props { spot: LabelSpot; scale: number; /** How far the plan is turned; words stay upright. */ turn_deg?: number; lines: LabelLine[]; shown: Shown }

export function Label(props: Props): JSX.Element {
  const top = () => (-(props.lines.length - 1) * LINE_PX) / 2 + 5;
  return (
    <g class={`label look-${props.shown.look} step-${props.shown.step ?? 'none'}`} transform={`translate(${props.spot.at[0]} ${props.spot.at[1]}) scale(${1 / props.scale}) rotate(${-(props.turn_deg ?? 0)})`}>
      <Show when={props.shown.alarm}>
        <path class="alarm-sign" transform={`translate(0 ${top() - 26})`} d={props.lines.length > 1 ? 'M0 -11L12 10H-12Z' : 'M0 -8L9 8H-9Z'} />
        <text class="alarm-mark" y={top() - 18}>!</text>
      </Show>
      <For each={props.lines}>{(l, i) => <text class={l.kind} y={top() + i() * LINE_PX}>{l.text}</text>}</For>
    </g>
  );
}

/** Off by less, upright words use the room as if the plan were not turned. */
const TURN_SLACK_DEG = 12;

/** The free room for upright words in a plan that is turned: by a quarter it is the other
    way round, and in between only the lesser side is sure. */
export function freeWhenTurned(spot: LabelSpot, turn_deg: number): { width: number; height: number } {
  const quarters = Math.round(turn_deg / 90);
  if (Math.abs(turn_deg - 90 * quarters) > TURN_SLACK_DEG) {
    const least = Math.min(spot.width, spot.height);
    return { width: least, height: least };
  }
  return quarters % 2 === 0 ? { width: spot.width, height: spot.height } : { width: spot.height, height: spot.width };
}

const DOUBT_PX = 11;
const WALL_PX = 3;
/** The side of the corner that the sign takes. */
export const DOUBT_CORNER_PX = 2 * DOUBT_PX + WALL_PX;
/** In a smaller room the sign would be larger than what it is about. */
const DOUBT_FROM_PX = 26;
/** It shrinks with the room, to this share of its size at the least. */
const DOUBT_FULL_FROM_PX = 56;
const DOUBT_LEAST = 0.6;

/** A lozenge with a broken trace: somebody who speaks of this room is in doubt. It stands
    in the corner of the room, clear of the words. */
export function DoubtSign(props: { spot: LabelSpot; scale: number }): JSX.Element {
  const least_px = () => Math.min(props.spot.width, props.spot.height) * props.scale;
  const size = () => Math.min(1, Math.max(DOUBT_LEAST, least_px() / DOUBT_FULL_FROM_PX));
  const inset = () => ((DOUBT_PX + WALL_PX) * size()) / props.scale;
  const x = () => props.spot.at[0] + Math.max(0, props.spot.width / 2 - inset());
  const y = () => props.spot.at[1] - Math.max(0, props.spot.height / 2 - inset());
  return (
    <Show when={least_px() >= DOUBT_FROM_PX}>
      <g class="doubt-sign" transform={`translate(${x()} ${y()}) scale(${size() / props.scale})`}>
        <DoubtMark />
      </g>
    </Show>
  );
}

/** The sign itself, around the origin. */
export function DoubtMark(): JSX.Element {
  return (
    <>
      <path class="doubt-lozenge" d={`M0 ${-DOUBT_PX}L${DOUBT_PX} 0L0 ${DOUBT_PX}L${-DOUBT_PX} 0Z`} />
      <path class="doubt-trace" d="M-5 1L-2 -2L0 3L3 -3L5 0" />
    </>
  );
}
