// A space on the plan: area, label, and what a screen reader says of it.

import { createMemo, Show, type JSX } from 'solid-js';
import { estimateOf, type Twin } from '../model/api.ts';
import { shown, type Shown } from '../model/estimate.ts';
import { doubtsOf } from '../model/doubt.ts';
import { labelSpot, pathOf, ringsOf } from '../model/geometry.ts';
import { quantity } from '../model/quantity.ts';
import { areaLabel, spokenEstimate } from '../model/words.ts';
import { Area } from './Area.tsx';
import { DoubtSign, Label, labelLines } from './Label.tsx';
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
  return { ui, rings, q, estimate, plain, now, name, doubts };
}

export function Room(props: { twin: Twin; onPick: (id: string) => void }): JSX.Element {
  const { ui, rings, q, estimate, plain, now, name, doubts } = createRoom(() => props.twin);
  const path = createMemo(() => pathOf(rings() ?? []));
  const spoken = () => {
    const estimated = plain() ? [] : [spokenEstimate(text().quantity[q().id], estimate(), now(), q().unit, q().decimals, text())];
    // What the estimate on screen suffers from is part of its own sentence.
    const elsewhere = doubts().filter((flag) => plain() || !estimate()?.flags?.includes(flag));
    return [name(), ...estimated, ...elsewhere.map((flag) => text().flag[flag])].join('. ');
  };
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
        data-doubt={doubts().join(' ') || undefined}
        on:click={() => props.onPick(props.twin.id)}
      >
        <title>{spoken()}</title>
        <Area path={path()} shown={now()} quantity={ui.quantity()} patterns="plan" selected={ui.selected() === props.twin.id} />
      </g>
    </Show>
  );
}

/** The label, drawn above doors and routes so that nothing crosses it out. */
export function RoomLabel(props: { twin: Twin; scale: number }): JSX.Element {
  const { rings, q, estimate, plain, now, name, doubts } = createRoom(() => props.twin);
  const spot = createMemo(() => labelSpot(rings() ?? []));
  const lines = createMemo(() => {
    const place = spot();
    if (!place) return [];
    const label = plain() ? null : areaLabel(q(), now(), text(), estimate()?.alternatives);
    return labelLines(name(), label, now().mark, place.width * props.scale, place.height * props.scale);
  });
  const sign = () => SIGN_OF[String(estimateOf(props.twin, 'usage')?.value)];
  const roomForSign = () => (spot()?.height ?? 0) * props.scale >= SIGN_FROM_PX && !now().alarm;
  return (
    <Show when={spot()}>
      {(place) => (
        <>
          <Label spot={place()} scale={props.scale} lines={lines()} shown={now()} />
          <Show when={doubts().length > 0}><DoubtSign spot={place()} scale={props.scale} /></Show>
          <Show when={roomForSign() && sign()}>
            {(path) => <path class="sign" transform={`translate(${place().at[0]} ${place().at[1]}) scale(${1 / props.scale}) translate(0 -38)`} d={path()} />}
          </Show>
        </>
      )}
    </Show>
  );
}

/** Below this height the sign would touch the words. */
const SIGN_FROM_PX = 100;

export const STAIR_SIGN = 'M-9 8H-4V3H1V-2H6V-7H10';
export const LIFT_SIGN = 'M-8 -8H8V8H-8ZM-3 -2L0 -5L3 -2M-3 2L0 5L3 2';
const SIGN_OF: Record<string, string> = { stair: STAIR_SIGN, lift: LIFT_SIGN };
