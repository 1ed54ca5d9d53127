// The square that web maps are cut from (Web Mercator, EPSG:3857), as a plane in metres
// around a place of one's choice: how it lies on the screen, and which tiles are in sight.

import type { Bounds, LonLat } from './earth.ts';
import type { ViewPort } from './geometry.ts';

const EQUATOR_M = 40_075_016.7;
const TILE_PX = 512;
/** A screen with room for more is looked at in coarser tiles. */
const TILES_MAX = 40;

/** In shares of the square, from its north-west corner. */
function share([lon, lat]: LonLat): readonly [number, number] {
  const latitude = (Math.max(-85.05, Math.min(85.05, lat)) * Math.PI) / 180;
  return [(lon + 180) / 360, (1 - Math.asinh(Math.tan(latitude)) / Math.PI) / 2];
}

export interface Plane { toPlane: (at: LonLat) => readonly [number, number]; toEarth: (at: readonly [number, number]) => LonLat; /** The side of the whole square. */ side_m: number; origin: readonly [number, number] }

/** Near `centre` a unit of the plane is a metre on the ground; y points south. */
export function planeAround(centre: LonLat): Plane {
  const origin = share(centre);
  const side_m = EQUATOR_M * Math.cos((centre[1] * Math.PI) / 180);
  return {
    origin, side_m,
    toPlane: (at) => {
      const [x, y] = share(at);
      return [(x - origin[0]) * side_m, (y - origin[1]) * side_m];
    },
    toEarth: ([x, y]) => {
      const [u, v] = [x / side_m + origin[0], y / side_m + origin[1]];
      return [u * 360 - 180, (Math.atan(Math.sinh(Math.PI * (1 - 2 * v))) * 180) / Math.PI];
    },
  };
}

export interface TileId { z: number; x: number; y: number }

/** The tiles in sight, coarse enough to be few. */
export function tilesInSight(plane: Plane, view: ViewPort, width: number, height: number, zoomMax: number): TileId[] {
  const fitting = Math.floor(Math.log2((view.scale * plane.side_m) / TILE_PX) + 0.5);
  for (let z = Math.max(0, Math.min(zoomMax, fitting)); z >= 0; z--) {
    const per = 2 ** z;
    const column = (px: number) => clamp(Math.floor(((px - view.x) / view.scale / plane.side_m + plane.origin[0]) * per), per);
    const row = (px: number) => clamp(Math.floor(((px - view.y) / view.scale / plane.side_m + plane.origin[1]) * per), per);
    const [x0, x1, y0, y1] = [column(0), column(width), row(0), row(height)];
    if ((x1 - x0 + 1) * (y1 - y0 + 1) > TILES_MAX) continue;
    const ids: TileId[] = [];
    for (let x = x0; x <= x1; x++) for (let y = y0; y <= y1; y++) ids.push({ z, x, y });
    return ids;
  }
  return [];
}

const clamp = (n: number, per: number) => Math.max(0, Math.min(per - 1, n));

/** Where a tile lies on screen: pixels of its corner, and pixels for each of its units. */
export function tileOnScreen(plane: Plane, view: ViewPort, { z, x, y }: TileId, extent: number): { x: number; y: number; scale: number } {
  const side = (plane.side_m / 2 ** z) * view.scale;
  const at = (index: number, origin: number, offset: number) => (index / 2 ** z - origin) * plane.side_m * view.scale + offset;
  return { x: at(x, plane.origin[0], view.x), y: at(y, plane.origin[1], view.y), scale: side / extent };
}

export function fitBounds(plane: Plane, b: Bounds, width: number, height: number, margin_px: number, scaleMax: number): ViewPort {
  const [x0, y0] = plane.toPlane([b.west, b.north]);
  const [x1, y1] = plane.toPlane([b.east, b.south]);
  const scale = Math.min(scaleMax, (width - 2 * margin_px) / Math.max(x1 - x0, 0.1), (height - 2 * margin_px) / Math.max(y1 - y0, 0.1));
  const usable = Math.max(scale, 1e-6);
  return { scale: usable, x: width / 2 - (usable * (x0 + x1)) / 2, y: height / 2 - (usable * (y0 + y1)) / 2 };
}
