// Plan geometry for drawing. The building's y axis points north and the screen's down,
// so y changes sign here and nowhere else.

export type Point = readonly [number, number];
export type Ring = readonly (readonly number[])[];
export interface Box { x0: number; y0: number; x1: number; y1: number }

export function toScreen(p: readonly number[]): Point {
  return [p[0] ?? 0, -(p[1] ?? 0)];
}

/** SVG path of a polygon with holes, in screen metres; draw with fill-rule evenodd. */
export function pathOf(rings: readonly Ring[]): string {
  return rings.filter((ring) => ring.length >= 3).map(ringPath).join('');
}

function ringPath(ring: Ring): string {
  return `M${ring.map((p) => toScreen(p).map(short).join(' ')).join('L')}Z`;
}

/** Millimetres are enough for a plan and keep paths small. */
function short(n: number): string {
  return String(Math.round(n * 1000) / 1000);
}

export function boxOf(points: readonly Point[]): Box | null {
  const first = points[0];
  if (!first) return null;
  const box = { x0: first[0], y0: first[1], x1: first[0], y1: first[1] };
  for (const [x, y] of points) {
    box.x0 = Math.min(box.x0, x);
    box.x1 = Math.max(box.x1, x);
    box.y0 = Math.min(box.y0, y);
    box.y1 = Math.max(box.y1, y);
  }
  return box;
}

/** The rings of a polygon value, or `null` if it is none that can be drawn. They are copies:
    what is reckoned with a hundred times should not be asked of a living picture each time. */
export function ringsOf(value: unknown): Ring[] | null {
  const rings = (value as { polygon?: unknown } | null | undefined)?.polygon;
  if (!Array.isArray(rings)) return null;
  const usable = rings.filter((r): r is number[][] => Array.isArray(r) && r.length >= 3 && r.every(isPoint));
  return usable.length > 0 ? usable.map((r) => r.map(([x, y]) => [x as number, y as number])) : null;
}

export function lineOf(value: unknown): [Point, Point] | null {
  const line = (value as { line?: unknown } | null | undefined)?.line;
  if (!Array.isArray(line) || line.length < 2 || !line.every(isPoint)) return null;
  return [toScreen(line[0] as number[]), toScreen(line[line.length - 1] as number[])];
}

export function pointOf(value: unknown): Point | null {
  const point = (value as { point?: unknown } | null | undefined)?.point;
  return isPoint(point) ? toScreen(point) : null;
}

function isPoint(p: unknown): p is number[] {
  return Array.isArray(p) && p.length >= 2 && Number.isFinite(p[0]) && Number.isFinite(p[1]);
}

/** The walls of all rings, as lines on the screen. */
type Walls = readonly (readonly [Point, Point])[];

function wallsOf(rings: readonly Ring[]): Walls {
  return rings.flatMap((ring) => {
    const corners = ring.map(toScreen);
    return corners.map((corner, i) => [corners.at(i - 1) as Point, corner] as const);
  });
}

/** Whether a screen point lies inside (even-odd over all rings). */
export function contains(rings: readonly Ring[], at: Point): boolean {
  return isWithin(wallsOf(rings), at);
}

function isWithin(walls: Walls, [x, y]: Point): boolean {
  let inside = false;
  for (const [[xj, yj], [xi, yi]] of walls) {
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

/** Distance from a screen point to the nearest wall. */
function clearance(walls: Walls, p: Point): number {
  let best = Infinity;
  for (const [a, b] of walls) best = Math.min(best, distanceToSegment(p, a, b));
  return best;
}

export function distanceToSegment(p: Point, a: Point, b: Point): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length2 = dx * dx + dy * dy;
  const t = length2 === 0 ? 0 : Math.max(0, Math.min(1, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length2));
  return Math.hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy);
}

export interface LabelSpot { at: Point; /** Free metres to the left and right together. */ width: number; /** Above and below together. */ height: number }

const GRID = 14;

/** A good place for a label: the grid point farthest from any wall, and the free room
    around it. A grid of 14 × 14 finds the middle of L-shaped rooms and corridors, which
    the centroid misses. */
export function labelSpot(rings: readonly Ring[]): LabelSpot | null {
  const outer = rings[0];
  const box = outer && boxOf(outer.map(toScreen));
  if (!box) return null;
  const walls = wallsOf(rings);
  let best: { at: Point; free: number } | null = null;
  for (let i = 1; i < GRID; i++) {
    for (let j = 1; j < GRID; j++) {
      const at: Point = [box.x0 + ((box.x1 - box.x0) * i) / GRID, box.y0 + ((box.y1 - box.y0) * j) / GRID];
      if (!isWithin(walls, at)) continue;
      const nearMiddle = Math.hypot(at[0] - (box.x0 + box.x1) / 2, at[1] - (box.y0 + box.y1) / 2);
      const free = clearance(walls, at) - nearMiddle * 1e-3;
      if (!best || free > best.free) best = { at, free };
    }
  }
  if (!best) return null;
  return { at: best.at, width: freeRun(walls, best.at, 0), height: freeRun(walls, best.at, 1) };
}

/** Symmetric free length through `at` along an axis, until the first wall on either side. */
function freeRun(walls: Walls, at: Point, axis: 0 | 1): number {
  let half = Infinity;
  const other = axis === 0 ? 1 : 0;
  for (const [a, b] of walls) {
    if (a[other] > at[other] === b[other] > at[other]) continue;
    const t = (at[other] - a[other]) / (b[other] - a[other]);
    half = Math.min(half, Math.abs(a[axis] + t * (b[axis] - a[axis]) - at[axis]));
  }
  return half === Infinity ? 0 : 2 * half;
}

export interface DoorShape { a: Point; b: Point; middle: Point; width: number; angle_deg: number }

export function doorShape([a, b]: [Point, Point]): DoorShape {
  return {
    a, b,
    middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2],
    width: Math.hypot(b[0] - a[0], b[1] - a[1]),
    angle_deg: (Math.atan2(b[1] - a[1], b[0] - a[0]) * 180) / Math.PI,
  };
}

/** Where the view is: screen pixel = metre × scale + offset. */
export interface ViewPort { scale: number; x: number; y: number }

export function fit(box: Box, width: number, height: number, margin: number): ViewPort {
  const w = Math.max(box.x1 - box.x0, 0.1);
  const h = Math.max(box.y1 - box.y0, 0.1);
  const scale = Math.max(0.01, Math.min((width - 2 * margin) / w, (height - 2 * margin) / h));
  return { scale, x: width / 2 - (scale * (box.x0 + box.x1)) / 2, y: height / 2 - (scale * (box.y0 + box.y1)) / 2 };
}

const SCALE_MIN = 0.5;
const SCALE_MAX = 400;

/** Zooms by `factor` while the pixel under (px, py) stays where it is. */
export function zoomAt(view: ViewPort, factor: number, px: number, py: number, scaleMin = SCALE_MIN): ViewPort {
  const scale = Math.max(scaleMin, Math.min(SCALE_MAX, view.scale * factor));
  const k = scale / view.scale;
  return { scale, x: px - (px - view.x) * k, y: py - (py - view.y) * k };
}
