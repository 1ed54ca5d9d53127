// The plan of one storey: rooms, doors, route, with pan and zoom by touch, wheel and keys.

import { createEffect, createMemo, createSignal, For, on, onCleanup, onMount, Show, type JSX } from 'solid-js';
import { estimateOf, type Twin } from '../model/api.ts';
import { boxOf, doorShape, fit, labelSpot, lineOf, ringsOf, toScreen, zoomAt, type Box, type Point, type ViewPort } from '../model/geometry.ts';
import { routeLines } from '../model/route.ts';
import { Door } from './Door.tsx';
import { gestures } from './gestures.ts';
import { Patterns } from './Patterns.tsx';
import { text } from './prefs.ts';
import { Room, RoomLabel } from './Room.tsx';
import { useUi } from './ui.ts';

const MARGIN_PX = 32;
/** Kept free for the buttons on the right and the key below. */
const TOOLS_PX = 62;
const KEY_PX = 48;
/** A phone: there the plan needs the width more than the buttons do. */
const NARROW_PX = 480;

export interface PlanControl { zoom: (factor: number) => void; pan: (dx: number, dy: number) => void; fit: () => void }

export function Plan(props: { control: (c: PlanControl) => void; onPick: (id: string) => void }): JSX.Element {
  const ui = useUi();
  let frame!: HTMLDivElement;
  const [size, setSize] = createSignal({ width: 800, height: 600 });
  const [view, setView] = createSignal<ViewPort>({ scale: 20, x: 0, y: 0 });
  const plan = createMemo(() => {
    const storey = ui.currentStorey();
    return storey ? ui.picture.plans[storey.id] : undefined;
  });
  const twinsOf = (ids: string[] | undefined) => (ids ?? []).map((id) => ui.picture.twins[id]).filter((t): t is Twin => t !== undefined);
  const spaces = createMemo(() => twinsOf(plan()?.spaces));
  const portals = createMemo(() => twinsOf(plan()?.portals));
  const placed = createMemo(() => spaces().filter((t) => ringsOf(estimateOf(t, 'footprint')?.value)));
  const unplaced = createMemo(() => spaces().filter((t) => !ringsOf(estimateOf(t, 'footprint')?.value)));
  const hidden = () => unplaced().every((t) => estimateOf(t, 'footprint')?.status === 'withheld');
  const box = createMemo<Box | null>(() => boxOf(placed().flatMap((t) => (ringsOf(estimateOf(t, 'footprint')?.value) ?? []).flat().map(toScreen))));
  const refit = () => {
    const b = box();
    const { width, height } = size();
    const tools = width < NARROW_PX ? 0 : TOOLS_PX;
    if (b) setView(fit(b, width - tools, height - KEY_PX, Math.min(MARGIN_PX, width * 0.06)));
  };
  // Estimates change all the time and must not move the plan; only another storey, another
  // size of window or a plan that has just arrived do.
  createEffect(on(() => [box() === null, ui.picture.building()?.id, ui.currentStorey()?.id, size()] as const, refit));

  props.control({
    zoom: (factor) => setView((v) => zoomAt(v, factor, size().width / 2, size().height / 2)),
    pan: (dx, dy) => setView((v) => ({ ...v, x: v.x + dx, y: v.y + dy })),
    fit: refit,
  });
  onMount(() => {
    const watch = new ResizeObserver(() => setSize({ width: frame.clientWidth, height: frame.clientHeight }));
    watch.observe(frame);
    const stop = gestures(frame, setView);
    onCleanup(() => {
      watch.disconnect();
      stop();
    });
  });

  const route = () => ui.routes()?.[0];
  const placeOf = (id: string): Point | null => {
    const here = plan();
    if (!here || !(here.spaces.includes(id) || here.portals.includes(id))) return null;
    const twin = ui.picture.twins[id];
    const line = lineOf(estimateOf(twin, 'span')?.value);
    if (line) return doorShape(line).middle;
    return labelSpot(ringsOf(estimateOf(twin, 'footprint')?.value) ?? [])?.at ?? null;
  };
  const routePath = createMemo(() => {
    const r = route();
    return r ? routeLines(r, placeOf).map((line) => `M${line.map((p) => p.join(' ')).join('L')}`).join('') : '';
  });

  return (
    // On paper the frame has another size than on screen; the view box then scales the plan
    // as it was seen into it.
    <div class="plan" ref={frame}>
      <svg class="plan-svg" viewBox={`0 0 ${size().width} ${size().height}`} role="group" aria-label={`${text().nav.plan}, ${ui.nameOf(ui.currentStorey()?.id ?? '')}`} tabindex="0">
        <Patterns id="plan" scale={view().scale} />
        <g transform={`translate(${view().x} ${view().y}) scale(${view().scale})`}>
          <For each={placed()}>{(twin) => <Room twin={twin} onPick={props.onPick} />}</For>
          <Show when={routePath()}>
            <path class="route-under" d={routePath()} />
            <path class="route" d={routePath()} />
          </Show>
          <For each={portals()}>
            {(twin) => <Door twin={twin} scale={view().scale} onPick={props.onPick} leastCertain={route()?.leastCertain === twin.id} />}
          </For>
          <g class="labels"><For each={placed()}>{(twin) => <RoomLabel twin={twin} scale={view().scale} />}</For></g>
        </g>
      </svg>
      <Show when={!plan()}><p class="plan-note">{text().storey.noPlan}</p></Show>
      <Show when={plan() && spaces().length === 0}><p class="plan-note">{text().storey.noSpaces}</p></Show>
      <Show when={unplaced().length > 0}>
        <div class="unplaced">
          <span>{hidden() ? text().storey.withheldPlan : text().storey.unplaced}</span>
          <For each={unplaced()}>{(twin) => <button type="button" onClick={() => props.onPick(twin.id)}>{ui.nameOf(twin.id)}</button>}</For>
        </div>
      </Show>
    </div>
  );
}
