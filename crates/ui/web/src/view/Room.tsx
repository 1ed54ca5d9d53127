// A space on the plan: area, label, and what a screen reader says of it.

import { createMemo, Show, type JSX } from 'solid-js';
import { estimateOf, type Twin } from '../model/api.ts';
import { shown, type Shown } from '../model/estimate.ts';
import { labelSpot, pathOf, ringsOf } from '../model/geometry.ts';
import { quantity } from '../model/quantity.ts';
import { areaLabel, spokenEstimate } from '../model/words.ts';
import { Area } from './Area.tsx';
import { Label, labelLines } from './Label.tsx';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

interface Props { twin: Twin; scale: number; onPick: (id: string) => void }

/** Rooms are drawn plain while the switch is on something that only doors have. */
const PLAIN: Shown = { look: 'notApplicable', mark: '', value: undefined, interval: null, probability: null, age_s: null, step: null, alarm: false };

export function Room(props: Props): JSX.Element {
  const ui = useUi();
  const rings = createMemo(() => ringsOf(estimateOf(props.twin, 'footprint')?.value));
  const path = createMemo(() => pathOf(rings() ?? []));
  const spot = createMemo(() => labelSpot(rings() ?? []));
  const q = () => quantity(ui.quantity());
  const plain = () => q().on === 'portal';
  const estimate = () => estimateOf(props.twin, ui.quantity());
  const now = createMemo<Shown>(() => (plain() ? PLAIN : shown(estimate(), ui.picture.connection.now_ms(), q().staleAfter_s, q())));
  const name = () => ui.picture.nameOf(props.twin.id);
  const lines = createMemo(() => {
    const place = spot();
    if (!place) return [];
    const label = plain() ? null : areaLabel(q(), now(), text(), estimate()?.alternatives);
    return labelLines(name(), label, now().mark, place.width * props.scale, place.height * props.scale);
  });
  const spoken = () => (plain() ? name() : `${name()}. ${spokenEstimate(text().quantity[q().id], estimate(), now(), q().unit, q().decimals, text())}`);
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
        on:click={() => props.onPick(props.twin.id)}
      >
        <title>{spoken()}</title>
        <Area path={path()} shown={now()} quantity={ui.quantity()} patterns="plan" selected={ui.selected() === props.twin.id} />
        <Show when={spot()}>{(place) => <Label spot={place()} scale={props.scale} lines={lines()} alarm={now().alarm} look={now().look} />}</Show>
        <UsageSign twin={props.twin} scale={props.scale} />
      </g>
    </Show>
  );
}

/** Stairs and lifts carry a drawn sign above their label, readable without words. */
function UsageSign(props: { twin: Twin; scale: number }): JSX.Element {
  const spot = createMemo(() => labelSpot(ringsOf(estimateOf(props.twin, 'footprint')?.value) ?? []));
  const usage = () => estimateOf(props.twin, 'usage')?.value;
  const path = () => (usage() === 'stair' ? STAIR_SIGN : usage() === 'lift' ? LIFT_SIGN : null);
  const room = () => (spot()?.height ?? 0) * props.scale >= 84;
  return (
    <Show when={path() && spot() && room()}>
      <path class="sign" transform={`translate(${spot()?.at[0] ?? 0} ${spot()?.at[1] ?? 0}) scale(${1 / props.scale}) translate(0 30)`} d={path() ?? ''} />
    </Show>
  );
}

export const STAIR_SIGN = 'M-9 8H-4V3H1V-2H6V-7H10';
export const LIFT_SIGN = 'M-8 -8H8V8H-8ZM-3 -2L0 -5L3 -2M-3 2L0 5L3 2';
