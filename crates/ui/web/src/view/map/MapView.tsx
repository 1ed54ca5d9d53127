// The map: streets, buildings, land and water from the node's own tiles, the storey on
// screen at its place, the way, and who is to be credited.

import { createEffect, createMemo, createSignal, For, on, onCleanup, onMount, Show, type JSX } from 'solid-js';
import { creditsOf } from '../../model/city.ts';
import { estimateOf } from '../../model/api.ts';
import { boundsOf, placeOf, toEarth, type Bounds, type LonLat } from '../../model/earth.ts';
import { ringsOf } from '../../model/geometry.ts';
import { percentText } from '../../model/words.ts';
import type { MapProps } from '../MapStage.tsx';
import type { Ground } from './baseTypes.ts';
import { prefs, text } from '../prefs.ts';
import { useUi } from '../ui.ts';
import type { Base, On } from './baseTypes.ts';
import { coloursOf, PAPER } from './mapStyle.ts';
import { isUnsure, StoreyOnMap } from './StoreyOnMap.tsx';

/** Around a place that was looked for. */
const AROUND_DEG = 0.0012;

export default function MapView(props: MapProps & { ground: Ground; isFlat: boolean }): JSX.Element {
  const ui = useUi();
  let frame!: HTMLDivElement;
  const [base, setBase] = createSignal<Base | null>(null);
  const [moved, setMoved] = createSignal(0);
  const [isDrawn, setDrawn] = createSignal(false);
  const [problem, setProblem] = createSignal('');
  const place = createMemo(() => placeOf(ui.picture.building()?.place));
  const project = (at: LonLat) => {
    moved();
    return base()?.project(at) ?? [0, 0];
  };

  const size = () => {
    moved();
    return base()?.size() ?? [1, 1];
  };

  /** The building on screen: all that is drawn of the storey in view. */
  const building = (): Bounds | null => {
    const p = place();
    if (!p) return null;
    const spaces = ui.picture.plans[ui.currentStorey()?.id ?? '']?.spaces ?? [];
    const corners = spaces.flatMap((id) => ringsOf(estimateOf(ui.picture.twins[id], 'footprint')?.value)?.[0] ?? []);
    return boundsOf(corners.map((c) => toEarth(p, [c[0] ?? 0, c[1] ?? 0]))) ?? around([p.longitude_deg, p.latitude_deg]);
  };
  const whole = (): Bounds | null => {
    const b = ui.city.map()?.bounds;
    return b ? { west: b[0], south: b[1], east: b[2], north: b[3] } : null;
  };
  /** Where the map begins: at what was looked for, else at the building, else everywhere. */
  const home = () => (ui.thing()?.at ? around(ui.thing()?.at as LonLat) : (building() ?? whole()));

  const told: On = {
    move: () => setMoved((n) => n + 1),
    tap: (thing) => props.onThing(thing),
    problem: setProblem,
    idle: () => {
      setDrawn(true);
      setProblem('');
      ui.setInView(base()?.inView() ?? []);
    },
  };
  onMount(() => {
    const made = props.ground(frame, text().map.title, coloursOf(document.documentElement), middleOf(home()), told);
    setBase(made);
    const over = (<StoreyOnMap place={place()} project={project} size={size()} onPick={props.onPick} />) as SVGElement;
    made.container.append(over);
    const first = home();
    if (first) made.fit(first);
    const watch = new ResizeObserver(() => made.resize());
    watch.observe(frame);
    onCleanup(() => {
      watch.disconnect();
      made.remove();
      ui.setInView([]);
    });
  });
  props.control({
    zoom: (factor) => base()?.zoomBy(factor),
    pan: (dx, dy) => base()?.panBy(dx, dy),
    fit: () => {
      const b = building() ?? whole();
      if (b) base()?.fit(b);
    },
  });
  const chosen = () => ui.thing()?.id ?? null;
  const restyle = () => base()?.restyle(coloursOf(document.documentElement), chosen());
  createEffect(on([() => prefs.theme(), chosen], restyle, { defer: true }));
  const toPaper = () => {
    base()?.restyle(PAPER, chosen());
    base()?.redraw();
  };
  window.addEventListener('beforeprint', toPaper);
  window.addEventListener('afterprint', restyle);
  onCleanup(() => {
    window.removeEventListener('beforeprint', toPaper);
    window.removeEventListener('afterprint', restyle);
  });
  createEffect(on([ui.city.map, ui.city.revision], () => base()?.reload(), { defer: true }));
  // A place that was looked for is shown; one that was tapped is on screen already.
  createEffect(on(ui.lookedFor, (at) => at && base()?.fit(around(at)), { defer: true }));
  createEffect(on(() => ui.picture.building()?.id, () => {
    const b = building();
    if (b) base()?.fit(b);
  }, { defer: true }));

  const name = () => {
    const own = ui.picture.building()?.name?.value;
    return typeof own === 'string' ? own : text().detail.building;
  };
  return (
    <div class="map" data-ground={props.isFlat ? 'flat' : 'graphics'} data-map={isDrawn() ? 'drawn' : 'drawing'}>
      <div class="map-frame" ref={frame} />
      <div class="map-notes">
        <Show when={props.isFlat}><p data-map-note="flat">{text().map.flat}</p></Show>
        <Show when={whole() === null}><p data-map-note="empty">{text().map.empty}</p></Show>
        <Show when={problem()}><p class="problem" role="alert" data-map-note="problem">{text().map.failed}: {problem()}</p></Show>
        <Show when={ui.picture.building()}><PlaceNote /></Show>
      </div>
      <div class="map-foot">
        <button type="button" data-act="in-view" onClick={() => (ui.setThing(null), ui.setPanel('place'))}>{text().map.inView}: {[text().map.buildings(count('building')), text().map.streets(count('street'))].join(', ')}</button>
        <button type="button" data-act="whole" disabled={whole() === null} onClick={() => whole() && base()?.fit(whole() as Bounds)}>{text().map.whole}</button>
        <p class="map-credits" data-credits>{text().map.credits}: <For each={creditsOf(ui.city.map()?.sources ?? [], text().map.licenceUnknown)} fallback={text().map.noCredit}>{(line, i) => <span>{i() > 0 ? ' · ' : ''}{line}</span>}</For></p>
      </div>
    </div>
  );

  function count(kind: string): number {
    return ui.inView().filter((thing) => thing.kind === kind).length;
  }

  function PlaceNote(): JSX.Element {
    return (
      <Show when={place()} fallback={<p class="flag" data-map-note="unplaced">{text().map.placeUnknown(name())}</p>}>
        {(p) => (
          <Show when={typeof p().probability === 'number' && (p().probability as number) < 1}>
            <p classList={{ flag: isUnsure(p()) }} data-map-note="placed">{name()}: {text().map[isUnsure(p()) ? 'placedUnsure' : 'placed'](percentText(p().probability as number, text()))}</p>
          </Show>
        )}
      </Show>
    );
  }
}

function around([lon, lat]: LonLat): Bounds {
  return { west: lon - AROUND_DEG, south: lat - AROUND_DEG / 2, east: lon + AROUND_DEG, north: lat + AROUND_DEG / 2 };
}

function middleOf(b: Bounds | null): LonLat {
  return b ? [(b.west + b.east) / 2, (b.south + b.north) / 2] : [0, 0];
}
