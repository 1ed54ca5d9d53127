// Where a building's plan lies on earth. The plan is in metres from the building's own
// origin; `place` says where that origin stands and how far the plan is turned.
//
// The plan lies in the plane that touches the ellipsoid of WGS 84 (NGA.STND.0036) at the
// origin. Terms beyond the second order are left out: 500 m away that is below a centimetre.

/** Latitude and longitude of the origin, and how far the y axis is turned, clockwise from
    true north. */
export interface Place { latitude_deg: number; longitude_deg: number; rotation_deg: number; probability?: number | null }

/** `[longitude_deg, latitude_deg]`, as maps have it. */
export type LonLat = readonly [number, number];

const SEMI_MAJOR_M = 6_378_137;
const ECCENTRICITY2 = 0.006_694_379_990_141;

const radians = (deg: number) => (deg * Math.PI) / 180;
const degrees = (rad: number) => (rad * 180) / Math.PI;

/** Radii of curvature at a latitude: along the meridian, and across it. */
function radii(latitude_deg: number): { meridian_m: number; across_m: number } {
  const w2 = 1 - ECCENTRICITY2 * Math.sin(radians(latitude_deg)) ** 2;
  return { meridian_m: (SEMI_MAJOR_M * (1 - ECCENTRICITY2)) / w2 ** 1.5, across_m: SEMI_MAJOR_M / Math.sqrt(w2) };
}

/** A point of the plan, in metres, on earth. */
export function toEarth(place: Place, [x, y]: readonly [number, number]): LonLat {
  const turn = radians(place.rotation_deg);
  const east = x * Math.cos(turn) + y * Math.sin(turn);
  const north = y * Math.cos(turn) - x * Math.sin(turn);
  const { meridian_m, across_m } = radii(place.latitude_deg);
  const latitude = radians(place.latitude_deg);
  // Going north one comes closer to the axis, and going east one leaves the parallel.
  const fromAxis_m = across_m * Math.cos(latitude) - north * Math.sin(latitude);
  const sag_m = (east * east * Math.tan(latitude)) / (2 * across_m);
  return [place.longitude_deg + degrees(Math.atan2(east, fromAxis_m)), place.latitude_deg + degrees((north - sag_m) / meridian_m)];
}

/** A place that can be drawn; `null` for anything else, so that nothing is drawn in the Gulf
    of Guinea. */
export function placeOf(value: unknown): Place | null {
  const p = value as Partial<Place> | null | undefined;
  const numbers = [p?.latitude_deg, p?.longitude_deg, p?.rotation_deg];
  return numbers.every((n) => Number.isFinite(n)) && Math.abs(p?.latitude_deg as number) <= 85 ? (p as Place) : null;
}

/** From plan metres to pixels: an SVG `matrix`. */
export type Affine = readonly [number, number, number, number, number, number];

/** The map drawn flat turns a plan into pixels by one matrix, which three points fix.
    `project` gives the pixel of a place. The matrix takes points as the plan is drawn, with
    y to the south. */
export function planToPixels(place: Place, project: (at: LonLat) => readonly [number, number]): Affine {
  const SIDE_M = 100;
  const o = project(toEarth(place, [0, 0]));
  const x = project(toEarth(place, [SIDE_M, 0]));
  const y = project(toEarth(place, [0, -SIDE_M]));
  return [(x[0] - o[0]) / SIDE_M, (x[1] - o[1]) / SIDE_M, (y[0] - o[0]) / SIDE_M, (y[1] - o[1]) / SIDE_M, o[0], o[1]];
}

/** Pixels per metre, and how far the plan is turned on screen, clockwise. */
export function scaleAndTurn([a, b]: Affine): { scale: number; turn_deg: number } {
  return { scale: Math.max(Math.hypot(a, b), 1e-9), turn_deg: degrees(Math.atan2(b, a)) };
}

export interface Bounds { west: number; south: number; east: number; north: number }

export function boundsOf(points: readonly LonLat[]): Bounds | null {
  const [first] = points;
  if (!first) return null;
  const b = { west: first[0], south: first[1], east: first[0], north: first[1] };
  for (const [lon, lat] of points) {
    b.west = Math.min(b.west, lon);
    b.east = Math.max(b.east, lon);
    b.south = Math.min(b.south, lat);
    b.north = Math.max(b.north, lat);
  }
  return b;
}

/** `52,01234° N 4,35670° E` in the reader's way of writing numbers. */
export function degreesText([lon, lat]: LonLat, locale: string): string {
  const number = new Intl.NumberFormat(locale, { minimumFractionDigits: 5, maximumFractionDigits: 5 });
  return `${number.format(Math.abs(lat))}° ${lat < 0 ? 'S' : 'N'} ${number.format(Math.abs(lon))}° ${lon < 0 ? 'W' : 'E'}`;
}
