// The map in place of the plan. Its drawing code is fetched only when it is first wanted,
// so that no storey waits for it.

import { createSignal, lazy, onMount, Show, Suspense, type JSX } from 'solid-js';
import type { CityThing } from '../model/city.ts';
import type { PlanControl } from './Plan.tsx';
import { text } from './prefs.ts';

const fetchMap = () => import('./map/MapView.tsx');
const MapView = lazy(fetchMap);

/** Fetches it beforehand, once nothing else is to be done: the node may be away by the time
    somebody wants the map. */
export function prefetchMap(): void {
  const idle = window.requestIdleCallback ?? ((then: () => void) => setTimeout(then, 3000));
  idle(() => void fetchMap().catch(() => undefined));
}

export interface MapProps { control: (c: PlanControl) => void; onPick: (id: string) => void; onThing: (thing: CityThing) => void }

export function MapStage(props: MapProps): JSX.Element {
  const [canDraw, setCanDraw] = createSignal(true);
  onMount(() => setCanDraw(hasWebgl2()));
  return (
    <Show when={canDraw()} fallback={<p class="plan-note" data-map="none">{text().map.noWebgl}</p>}>
      <Suspense fallback={<p class="plan-note">{text().map.loading}</p>}>
        <MapView {...props} />
      </Suspense>
    </Show>
  );
}

function hasWebgl2(): boolean {
  return document.createElement('canvas').getContext('webgl2') !== null;
}
