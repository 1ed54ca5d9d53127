// The ground of the map, drawn by MapLibre with the graphics card. Nothing here asks anybody
// but the node.

import { Map as MapLibre, setWorkerUrl, type MapGeoJSONFeature } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import { listed, type CityKind, type CityThing } from '../../model/city.ts';
import type { LonLat } from '../../model/earth.ts';
import type { Base, On } from './baseTypes.ts';
import { mapStyle, type Colours } from './mapStyle.ts';

setWorkerUrl(workerUrl);

/** A finger is not a needle. */
const TAP_PX = 8;
const FIT_ZOOM_MAX = 19;
const LAYERS: Record<string, CityKind> = { entrances: 'portal', buildings: 'building', streets: 'street', 'streets-unknown': 'street', 'streets-barred': 'street' };

export function createBase(container: HTMLElement, title: string, colours: Colours, _around: LonLat, on: On): Base {
  const map = new MapLibre({
    container,
    style: mapStyle(location.origin, colours, null),
    locale: { 'Map.Title': title },
    attributionControl: false,
    keyboard: false,
    dragRotate: false,
    touchPitch: false,
    maxPitch: 0,
    maxZoom: 22,
    renderWorldCopies: false,
    refreshExpiredTiles: false,
    fadeDuration: 0,
    // Kept for paper: a browser prints what stands on the canvas.
    canvasContextAttributes: { preserveDrawingBuffer: true },
  });
  map.touchZoomRotate.disableRotation();
  map.on('move', on.move);
  map.on('resize', on.move);
  map.on('idle', on.idle);
  map.on('error', (event) => on.problem(String(event.error?.message ?? event)));
  map.on('click', (event) => {
    // What lies above the map is tapped for itself.
    const target = event.originalEvent.target;
    if (target instanceof Element && target.closest('.room, .door')) return;
    on.tap(thingAt(event.point.x, event.point.y, [event.lngLat.lng, event.lngLat.lat]));
  });

  function thingAt(x: number, y: number, at: LonLat): CityThing {
    const box: [[number, number], [number, number]] = [[x - TAP_PX, y - TAP_PX], [x + TAP_PX, y + TAP_PX]];
    const inside = map.queryRenderedFeatures([x, y], { layers: ['buildings'] });
    const near = map.queryRenderedFeatures(box, { layers: Object.keys(LAYERS) });
    const rank = (f: MapGeoJSONFeature) => Object.keys(LAYERS).indexOf(f.layer.id);
    const entrance = near.find((f) => f.layer.id === 'entrances');
    const found = entrance ?? inside[0] ?? near.sort((a, b) => rank(a) - rank(b))[0];
    return found ? { ...thingOf(found), at } : { kind: 'place', id: null, name: null, at };
  }

  function thingOf(f: MapGeoJSONFeature): CityThing {
    const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
    return { kind: LAYERS[f.layer.id] ?? 'place', id: text(f.properties['id']), name: text(f.properties['name']), at: null };
  }

  return {
    container: map.getCanvasContainer(),
    project: (at) => {
      const p = map.project([at[0], at[1]]);
      return [p.x, p.y];
    },
    zoomBy: (factor) => void map.jumpTo({ zoom: map.getZoom() + Math.log2(factor) }),
    panBy: (dx, dy) => void map.panBy([-dx, -dy], { animate: false }),
    fit: (b) => void map.fitBounds([[b.west, b.south], [b.east, b.north]], { padding: 48, maxZoom: FIT_ZOOM_MAX, animate: false }),
    restyle: (next, chosen) => void map.setStyle(mapStyle(location.origin, next, chosen), { diff: true }),
    redraw: () => void map.redraw(),
    size: () => [map.getContainer().clientWidth, map.getContainer().clientHeight],
    reload: () => map.refreshTiles('city'),
    resize: () => void map.resize(),
    inView() {
      const seen = new Map<string, CityThing>();
      for (const f of map.queryRenderedFeatures({ layers: ['buildings', 'streets', 'streets-unknown', 'streets-barred'] })) {
        const thing = thingOf(f);
        // Streets are cut at every junction; by their name they are one.
        const key = thing.kind === 'street' ? `street ${thing.name ?? thing.id}` : `${thing.kind} ${thing.id}`;
        if (thing.id !== null && !seen.has(key)) seen.set(key, thing);
      }
      return listed(seen.values());
    },
    remove: () => map.remove(),
  };
}
