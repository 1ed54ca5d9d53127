// The storey on screen, drawn at its place on the map, with the same rooms, doors and looks
// as the plan; and the way, indoors and along the streets.

import { createMemo, For, Show, type JSX } from 'solid-js';
import { estimateOf, type Twin } from '../../model/api.ts';
import { planToPixels, scaleAndTurn, toEarth, type LonLat, type Place } from '../../model/earth.ts';
import { doorShape, labelSpot, lineOf, pathOf, ringsOf, type Point } from '../../model/geometry.ts';
import { routeOnEarth } from '../../model/route.ts';
import { Door } from '../Door.tsx';
import { Patterns } from '../Patterns.tsx';
import { text } from '../prefs.ts';
import { Room, RoomLabel } from '../Room.tsx';
import { useUi } from '../ui.ts';

/** Rooms smaller than a fingertip are no rooms on a map: below this the outline is enough. */
const ROOMS_FROM_PX_PER_M = 1.2;

interface Props { place: Place | null; project: (at: LonLat) => readonly [number, number]; /** Of the screen; on paper it is scaled like the canvas. */ size: readonly [number, number]; onPick: (id: string) => void }

export function StoreyOnMap(props: Props): JSX.Element {
  const ui = useUi();
  const plan = createMemo(() => ui.picture.plans[ui.currentStorey()?.id ?? '']);
  const twinsOf = (ids: string[] | undefined) => (ids ?? []).map((id) => ui.picture.twins[id]).filter((t): t is Twin => t !== undefined);
  const rooms = createMemo(() => twinsOf(plan()?.spaces).filter((t) => ringsOf(estimateOf(t, 'footprint')?.value)));
  const doors = createMemo(() => twinsOf(plan()?.portals));
  const matrix = createMemo(() => props.place && planToPixels(props.place, props.project));
  const shape = () => {
    const m = matrix();
    return m ? scaleAndTurn(m) : { scale: 1, turn_deg: 0 };
  };
  const isClose = createMemo(() => matrix() !== null && shape().scale >= ROOMS_FROM_PX_PER_M);
  /** Nothing of the map shines through a room: what is not known there must look like it. */
  const ground = createMemo(() => rooms().map((t) => pathOf(ringsOf(estimateOf(t, 'footprint')?.value) ?? [])).join(''));
  const route = () => ui.routes()?.[0];
  /** A room or door on any storey of the building, on earth. */
  const placeOf = (id: string): LonLat | null => {
    const at = pointOnPlan(ui.picture.twins[id]);
    return at && props.place ? toEarth(props.place, [at[0], -at[1]]) : null;
  };
  const way = createMemo(() => {
    const r = route();
    return r ? routeOnEarth(r, placeOf) : [];
  });
  const wayPath = () => way().map((line) => `M${line.map((at) => props.project(at).map((n) => n.toFixed(1)).join(' ')).join('L')}`).join('');
  return (
    <svg class="map-over" viewBox={`0 0 ${props.size[0]} ${props.size[1]}`} role="group" aria-label={`${text().map.title}, ${ui.nameOf(ui.currentStorey()?.id ?? '')}`}>
      <Patterns id="plan" scale={shape().scale} />
      <Show when={isClose()}>
        <g class="storey-on-map" data-storey-on-map={ui.currentStorey()?.id} classList={{ unsure: isUnsure(props.place) }} transform={`matrix(${(matrix() ?? [1, 0, 0, 1, 0, 0]).join(' ')})`}>
          <path class="ground" d={ground()} />
          <For each={rooms()}>{(twin) => <Room twin={twin} onPick={props.onPick} />}</For>
          <For each={doors()}>{(twin) => <Door twin={twin} scale={shape().scale} onPick={props.onPick} leastCertain={route()?.leastCertain === twin.id} />}</For>
          <g class="labels"><For each={rooms()}>{(twin) => <RoomLabel twin={twin} scale={shape().scale} turn_deg={shape().turn_deg} />}</For></g>
        </g>
      </Show>
      <Show when={wayPath()}>
        <path class="route-under" d={wayPath()} />
        <path class="route" data-way="map" d={wayPath()} />
      </Show>
    </svg>
  );
}

/** Where the building stands is rather doubted than believed. */
export function isUnsure(place: Place | null): boolean {
  return typeof place?.probability === 'number' && place.probability < 0.5;
}

function pointOnPlan(twin: Twin | undefined): Point | null {
  const line = lineOf(estimateOf(twin, 'span')?.value);
  if (line) return doorShape(line).middle;
  return labelSpot(ringsOf(estimateOf(twin, 'footprint')?.value) ?? [])?.at ?? null;
}
