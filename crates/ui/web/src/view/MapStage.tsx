// The map in place of the plan. Its drawing code is fetched only when it is first wanted,
// so that no storey waits for it; without a graphics card a smaller one draws the same.

import { lazy, Suspense, type JSX } from 'solid-js';
import type { CityThing } from '../model/city.ts';
import type { PlanControl } from './Plan.tsx';
import { whenIdle } from '../live/idle.ts';
import { text } from './prefs.ts';

export interface MapProps { control: (c: PlanControl) => void; onPick: (id: string) => void; onThing: (thing: CityThing) => void }

const fetchMap = async () => {
  const isFlat = !hasWebgl2();
  const [{ default: MapView }, ground] = await Promise.all([
    import('./map/MapView.tsx'),
    isFlat ? import('./map/flat.ts').then((m) => m.createFlat) : import('./map/base.ts').then((m) => m.createBase),
  ]);
  return { default: (props: MapProps) => <MapView {...props} ground={ground} isFlat={isFlat} /> };
};
const Map = lazy(fetchMap);

/** Fetches it beforehand, once nothing else is to be done: the node may be away by the time
    somebody wants the map. */
export function prefetchMap(): void {
  void whenIdle().then(fetchMap).catch(() => undefined);
}

export function MapStage(props: MapProps): JSX.Element {
  return (
    <Suspense fallback={<p class="plan-note">{text().map.loading}</p>}>
      <Map {...props} />
    </Suspense>
  );
}

let webgl2: boolean | undefined;

function hasWebgl2(): boolean {
  webgl2 ??= document.createElement('canvas').getContext('webgl2') !== null;
  return webgl2;
}
