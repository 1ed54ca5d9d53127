// A space on the plan: area, label, and what a screen reader says of it.

import { createMemo, Show, type JSX } from 'solid-js';
import { estimateOf, type Twin } from '../model/api.ts';
import { shown, type Shown } from '../model/estimate.ts';
import { doubtsOf } from '../model/doubt.ts';
import { labelSpot, pathOf, ringsOf } from '../model/geometry.ts';
import { quantity } from '../model/quantity.ts';
import { areaLabel, spokenEstimate } from '../model/words.ts';
import { Area } from './Area.tsx';
import { fromWords } from './Contact.tsx';
import { DOUBT_CORNER_PX, DoubtSign, freeWhenTurned, Label, labelLines, type LabelLine } from './Label.tsx';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

/** Rooms are drawn plain while the switch is on something that only doors have. */
const PLAIN: Shown = { look: 'notApplicable', mark: '', value: undefined, interval: null, probability: null, age_s: null, step: null, alarm: false };

/** What both the area and the label of a room need. */
function createRoom(twin: () => Twin) {
  const ui = useUi();
  const rings = createMemo(() => ringsOf(estimateOf(twin(), 'footprint')?.value));
  const q = () => quantity(ui.quantity());
  const estimate = () => estimateOf(twin(), ui.quantity());
  const plain = () => q().on === 'portal';
  const now = createMemo<Shown>(() => (plain() ? PLAIN : shown(estimate(), ui.picture.connection.now_ms(), q().staleAfter_s, q())));
  const name = () => ui.nameOf(twin().id);
  const doubts = createMemo(() => doubtsOf(twin()));
  const inDoubt = () => doubts().length > 0 || ui.sources.places().has(twin().id);
  return { ui, rings, q, estimate, plain, now, name, doubts, inDoubt };
}

export function Room(props: { twin: Twin; onPick: (id: string) => void }): JSX.Element {
  const { ui, rings, q, estimate, plain, now, name, doubts, inDoubt } = createRoom(() => props.twin);
  const path = createMemo(() => pathOf(rings() ?? []));
  const spoken = createMemo(() => {
    const estimated = plain() ? [] : [spokenEstimate(text().quantity[q().id], estimate(), now(), q().unit, q().decimals, text(), q().id)];
    // What the estimate on screen suffers from is part of its own sentence.
    const elsewhere = doubts().filter((flag) => plain() || !estimate()?.flags?.includes(flag));
    const unnamed = inDoubt() && doubts().length === 0 ? [text().doubt.title] : [];
    const from = plain() ? [] : fromWords(ui, estimate(), now().age_s);
    return [name(), ...estimated, ...from, ...elsewhere.map((flag) => text().flag[flag]), ...unnamed].join('. ');
  });
  return (
    <Show when={rings()}>
      <g
        class="room"
        classList={{ plain: plain() }}
        role="button"
        tabindex="-1"
        aria-label={spoken()}
        aria-pressed={ui.selected() === props.twin.id}
        data-id={props.twin.id}
        data-look={now().look}
        data-doubt={inDoubt() ? ['source', ...doubts()].join(' ') : undefined}
        on:click={() => props.onPick(props.twin.id)}
      >
        <title>{spoken()}</title>
        <Area path={path()} shown={now()} quantity={ui.quantity()} patterns="plan" selected={ui.selected() === props.twin.id} />
      </g>
    </Show>
  );
}

/** The label, drawn above doors and routes so that nothing crosses it out. */
export function RoomLabel(props: { twin: Twin; scale: number; turn_deg?: number }): JSX.Element {
  const { rings, q, estimate, plain, now, name, inDoubt } = createRoom(() => props.twin);
  const spot = createMemo(() => labelSpot(rings() ?? []));
  const lines = createMemo(() => {
    const place = spot();
    if (!place) return [];
    const free = freeWhenTurned(place, props.turn_deg ?? 0);
    const label = plain() ? null : areaLabel(q(), now(), text(), estimate()?.alternatives);
    const fitting = (width_px: number, height_px: number) => labelLines(name(), label, now().mark, free.width * props.scale - width_px, free.height * props.scale - height_px);
    return inDoubt() ? besideSign(fitting) : fitting(0, 0);
  });
  const sign = () => SIGN_OF[String(estimateOf(props.twin, 'usage')?.value)];
  const roomForSign = () => (spot()?.height ?? 0) * props.scale >= SIGN_FROM_PX && !now().alarm;
  return (
    <Show when={spot()}>
      {(place) => (
        <>
          <Label spot={place()} scale={props.scale} turn_deg={props.turn_deg ?? 0} lines={lines()} shown={now()} />
          <Show when={inDoubt()}><DoubtSign spot={place()} scale={props.scale} /></Show>
          <Show when={roomForSign() && sign()}>
            {(path) => <path class="sign" transform={`translate(${place().at[0]} ${place().at[1]}) scale(${1 / props.scale}) rotate(${-(props.turn_deg ?? 0)}) translate(0 -38)`} d={path()} />}
          </Show>
        </>
      )}
    </Show>
  );
}

/** Lines that leave the corner to the sign of doubt, beside it or below it; but rather
    touched by it than without their value. */
function besideSign(fitting: (width_px: number, height_px: number) => LabelLine[]): LabelLine[] {
  const hasValue = (lines: LabelLine[]) => lines.some((l) => l.kind === 'value' || l.kind === 'fine');
  const whole = fitting(0, 0);
  return [fitting(2 * DOUBT_CORNER_PX, 0), fitting(0, 2 * DOUBT_CORNER_PX)].find((lines) => lines.length > 0 && hasValue(lines) === hasValue(whole)) ?? whole;
}

/** Below this height the sign would touch the words. */
const SIGN_FROM_PX = 100;

export const STAIR_SIGN = 'M-9 8H-4V3H1V-2H6V-7H10';
export const LIFT_SIGN = 'M-8 -8H8V8H-8ZM-3 -2L0 -5L3 -2M-3 2L0 5L3 2';
const SIGN_OF: Record<string, string> = { stair: STAIR_SIGN, lift: LIFT_SIGN };
