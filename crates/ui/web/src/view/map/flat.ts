// The map on a plain canvas, for browsers that cannot draw it with a graphics card: the
// same tiles, the same colours, fewer names.

import { listed, type CityKind, type CityThing } from '../../model/city.ts';
import type { Bounds, LonLat } from '../../model/earth.ts';
import { zoomAt, type ViewPort } from '../../model/geometry.ts';
import { fitBounds, planeAround, tileOnScreen, tilesInSight, type TileId } from '../../model/mercator.ts';
import { gestures } from '../gestures.ts';
import type { Base, On } from './baseTypes.ts';
import { GREEN, NARROW, TILE_ZOOM_MAX, WATER, WIDE, type Colours } from './mapStyle.ts';
import { createTiles, type Tile, type TileFeature } from './tiles.ts';

const SCALE_MIN = 0.002;
const FIT_SCALE_MAX = 12;
const MARGIN_PX = 48;
const TAP_PX = 8;
/** Names from this many pixels for each metre: closer than a street is long. */
const NAMES_FROM = 0.8;
const REST_MS = 250;

export function createFlat(container: HTMLElement, title: string, first: Colours, around: LonLat, on: On): Base {
  const canvas = Object.assign(document.createElement('canvas'), { className: 'maplibregl-canvas', tabIndex: 0 });
  canvas.setAttribute('role', 'region');
  canvas.setAttribute('aria-label', title);
  const frame = Object.assign(document.createElement('div'), { className: 'maplibregl-canvas-container' });
  frame.append(canvas);
  container.append(frame);
  const pen = canvas.getContext('2d') as CanvasRenderingContext2D;
  const plane = planeAround(around);
  const tiles = createTiles(() => later(), on.problem);
  let view: ViewPort = { scale: 1, x: 0, y: 0 };
  let colours = first;
  let chosen: string | null = null;
  let asked = 0;
  let rest: ReturnType<typeof setTimeout> | undefined;
  const size = (): readonly [number, number] => [container.clientWidth, container.clientHeight];
  const set = (next: ViewPort) => {
    view = next;
    on.move();
    later();
    return next;
  };
  const stop = gestures(frame, (change) => set(change(view)), SCALE_MIN);
  frame.addEventListener('click', (event) => {
    if (event.target instanceof Element && event.target.closest('.room, .door')) return;
    const box = frame.getBoundingClientRect();
    on.tap(thingAt(event.clientX - box.left, event.clientY - box.top));
  });

  function later(): void {
    if (asked === 0) asked = requestAnimationFrame(draw);
    clearTimeout(rest);
    rest = setTimeout(on.idle, REST_MS);
  }

  function visible(): { id: TileId; tile: Tile; x: number; y: number; scale: number }[] {
    return tilesInSight(plane, view, ...size(), TILE_ZOOM_MAX).flatMap((id) => {
      const tile = tiles.get(id);
      return tile ? [{ id, tile, ...tileOnScreen(plane, view, id, tile.extent) }] : [];
    });
  }

  function draw(): void {
    cancelAnimationFrame(asked);
    asked = 0;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = size();
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    pen.fillStyle = colours.land;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    const seen = visible();
    for (const pass of PASSES) {
      for (const { tile, x, y, scale } of seen) {
        pen.setTransform(scale * ratio, 0, 0, scale * ratio, x * ratio, y * ratio);
        for (const feature of tile.layers[pass.layer] ?? []) pass.draw(pen, feature, { colours, scale, metre_px: view.scale, chosen });
      }
    }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (view.scale >= NAMES_FROM) names(seen);
  }

  /** Each name once, in the middle of what it names; what would cover another is left out. */
  function names(seen: ReturnType<typeof visible>): void {
    const taken: [number, number, number, number][] = [];
    const told = new Set<string>();
    pen.font = '12px system-ui, sans-serif';
    pen.textAlign = 'center';
    pen.textBaseline = 'middle';
    pen.lineWidth = 3;
    pen.lineJoin = 'round';
    for (const layer of ['streets', 'buildings', 'areas']) {
      for (const { tile, x, y, scale } of seen) {
        for (const feature of tile.layers[layer] ?? []) {
          const name = feature.properties['name'];
          const at = middle(feature);
          if (typeof name !== 'string' || !at || at.x < 0 || at.y < 0 || at.x > tile.extent || at.y > tile.extent || told.has(`${layer} ${name}`)) continue;
          const [px, py, half] = [x + at.x * scale, y + at.y * scale, pen.measureText(name).width / 2 + 4];
          if (taken.some(([a, b, c, d]) => px - half < c && px + half > a && py - 9 < d && py + 9 > b)) continue;
          taken.push([px - half, py - 9, px + half, py + 9]);
          told.add(`${layer} ${name}`);
          pen.strokeStyle = colours.halo;
          pen.strokeText(name, px, py);
          pen.fillStyle = colours.ink;
          pen.fillText(name, px, py);
        }
      }
    }
  }

  function thingAt(px: number, py: number): CityThing {
    const at = plane.toEarth([(px - view.x) / view.scale, (py - view.y) / view.scale]);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    for (const [layer, kind] of TAPPED) {
      for (const { tile, x, y, scale } of visible()) {
        const [ux, uy] = [(px - x) / scale, (py - y) / scale];
        pen.lineWidth = (2 * TAP_PX) / scale;
        const hit = (f: TileFeature) => (f.kind === 'area' ? pen.isPointInPath(f.path, ux, uy) : f.kind === 'line' ? pen.isPointInStroke(f.path, ux, uy) : f.rings.flat().some((p) => Math.hypot(p.x - ux, p.y - uy) * scale < TAP_PX));
        const found = (tile.layers[layer] ?? []).find(hit);
        if (found) return { ...thingOf(found, kind), at };
      }
    }
    return { kind: 'place', id: null, name: null, at };
  }

  return {
    container: frame,
    project: (at) => {
      const [x, y] = plane.toPlane(at);
      return [x * view.scale + view.x, y * view.scale + view.y];
    },
    zoomBy: (factor) => void set(zoomAt(view, factor, size()[0] / 2, size()[1] / 2, SCALE_MIN)),
    panBy: (dx, dy) => void set({ ...view, x: view.x + dx, y: view.y + dy }),
    fit: (b: Bounds) => void set(fitBounds(plane, b, ...size(), MARGIN_PX, FIT_SCALE_MAX)),
    restyle: (next, id) => {
      [colours, chosen] = [next, id];
      later();
    },
    redraw: draw,
    size,
    reload: () => {
      tiles.forget();
      later();
    },
    resize: () => void set(view),
    inView() {
      const things = new Map<string, CityThing>();
      for (const [layer, kind] of TAPPED.filter(([, k]) => k !== 'portal')) {
        for (const { tile, x, y, scale } of visible()) {
          for (const feature of tile.layers[layer] ?? []) {
            const thing = thingOf(feature, kind);
            const key = kind === 'street' ? `street ${thing.name ?? thing.id}` : `${kind} ${thing.id}`;
            if (thing.id !== null && isOnScreen(feature, x, y, scale, size()) && !things.has(key)) things.set(key, thing);
          }
        }
      }
      return listed(things.values());
    },
    remove() {
      stop();
      cancelAnimationFrame(asked);
      clearTimeout(rest);
      frame.remove();
    },
  };
}

const TAPPED: readonly (readonly [string, CityKind])[] = [['entrances', 'portal'], ['buildings', 'building'], ['streets', 'street']];

interface Look { colours: Colours; /** Pixels for each unit of the tile. */ scale: number; metre_px: number; chosen: string | null }
interface Pass { layer: string; draw: (pen: CanvasRenderingContext2D, feature: TileFeature, look: Look) => void }

/** Metres that a street is wide, as far as a map cares. */
function width_m(feature: TileFeature): number {
  const kind = String(feature.properties['kind']);
  return WIDE.includes(kind) ? 9 : NARROW.includes(kind) ? 2 : 6;
}

function stroke(pen: CanvasRenderingContext2D, feature: TileFeature, look: Look, colour: string, width_px: number, dash: number[] = []): void {
  pen.strokeStyle = colour;
  pen.lineWidth = width_px / look.scale;
  pen.lineCap = dash.length > 0 ? 'butt' : 'round';
  pen.lineJoin = 'round';
  pen.setLineDash(dash.map((n) => (n * width_px) / look.scale));
  pen.stroke(feature.path);
  pen.setLineDash([]);
}

const streetPx = (feature: TileFeature, look: Look) => Math.max(0.8, width_m(feature) * look.metre_px);
const isOneOf = (words: readonly string[], feature: TileFeature) => words.includes(String(feature.properties['landUse']));

const PASSES: readonly Pass[] = [
  {
    layer: 'areas',
    draw(pen, feature, look) {
      const isWater = isOneOf(WATER, feature);
      if (!isWater && !isOneOf(GREEN, feature)) return;
      pen.fillStyle = isWater ? look.colours.water : look.colours.green;
      if (feature.kind === 'area') pen.fill(feature.path, 'evenodd');
      else if (feature.kind === 'line') stroke(pen, feature, look, look.colours.water, Math.max(1, 3 * look.metre_px));
    },
  },
  { layer: 'streets', draw: (pen, feature, look) => stroke(pen, feature, look, look.colours.kerb, streetPx(feature, look) + 2) },
  {
    layer: 'streets',
    draw(pen, feature, look) {
      const { walkable, id } = feature.properties;
      if (walkable === false) stroke(pen, feature, look, look.colours.path, Math.max(0.6, streetPx(feature, look) / 3));
      else stroke(pen, feature, look, look.colours.street, streetPx(feature, look), walkable === true ? [] : [2, 1.2]);
      if (id === look.chosen) stroke(pen, feature, look, look.colours.focus, 5);
    },
  },
  {
    layer: 'buildings',
    draw(pen, feature, look) {
      const { inside, id } = feature.properties;
      pen.fillStyle = inside === true ? look.colours.inside : look.colours.building;
      pen.fill(feature.path, 'evenodd');
      stroke(pen, feature, look, id === look.chosen ? look.colours.focus : look.colours.wall, id === look.chosen ? 4 : inside === true ? 2.5 : 1);
    },
  },
  {
    layer: 'entrances',
    draw(pen, feature, look) {
      for (const p of feature.rings.flat()) {
        pen.beginPath();
        pen.arc(p.x, p.y, 4 / look.scale, 0, 2 * Math.PI);
        pen.fillStyle = look.colours.land;
        pen.strokeStyle = look.colours.ink;
        pen.lineWidth = 2 / look.scale;
        pen.fill();
        pen.stroke();
      }
    },
  },
];

function thingOf(feature: TileFeature, kind: CityKind): CityThing {
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
  return { kind, id: text(feature.properties['id']), name: text(feature.properties['name']), at: null };
}

/** Of a line a point on it, of an area the middle of its box. */
function middle(feature: TileFeature): { x: number; y: number } | null {
  const ring = feature.rings[0];
  if (!ring || ring.length === 0) return null;
  if (feature.kind !== 'area') return ring[Math.floor(ring.length / 2)] ?? null;
  const range = (of: (p: { x: number; y: number }) => number) => (Math.min(...ring.map(of)) + Math.max(...ring.map(of))) / 2;
  return { x: range((p) => p.x), y: range((p) => p.y) };
}

/** Whether the box around it meets the screen: a long street may have no corner there. */
function isOnScreen(feature: TileFeature, x: number, y: number, scale: number, [width, height]: readonly [number, number]): boolean {
  const points = feature.rings.flat();
  const range = (of: (p: { x: number; y: number }) => number) => [Math.min(...points.map(of)), Math.max(...points.map(of))] as const;
  const [x0, x1] = range((p) => x + p.x * scale);
  const [y0, y1] = range((p) => y + p.y * scale);
  return x1 >= 0 && y1 >= 0 && x0 <= width && y0 <= height;
}
