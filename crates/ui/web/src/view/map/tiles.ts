// Tiles for a screen without a graphics card: fetched from the node, read, and kept while
// they may be looked at again.

import { VectorTile } from '@mapbox/vector-tile';
import { PbfReader } from 'pbf';
import type { TileId } from '../../model/mercator.ts';

/** A screen or two in each of a few zooms. */
const KEPT_MAX = 160;

export interface TileFeature { properties: Record<string, unknown>; kind: 'point' | 'line' | 'area'; path: Path2D; /** In units of the tile. */ rings: { x: number; y: number }[][] }
export interface Tile { extent: number; layers: Record<string, TileFeature[]> }

const KINDS = [null, 'point', 'line', 'area'] as const;

export function createTiles(onLoad: () => void, onProblem: (words: string) => void) {
  let kept = new Map<string, Tile | null>();

  async function load(key: string, into: Map<string, Tile | null>): Promise<void> {
    try {
      const answer = await fetch(`/v1/tiles/${key}.mvt`, { credentials: 'same-origin' });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      into.set(key, read(await answer.arrayBuffer()));
      onLoad();
    } catch (error) {
      // Asked again when it is next in sight.
      into.delete(key);
      onProblem(String((error as Error).message));
    }
  }

  return {
    /** The tile if it is here; otherwise it is fetched. */
    get(id: TileId): Tile | null {
      const key = `${id.z}/${id.x}/${id.y}`;
      const known = kept.get(key);
      if (known !== undefined) {
        kept.delete(key);
        kept.set(key, known);
        return known;
      }
      kept.set(key, null);
      for (const old of kept.keys()) if (kept.size > KEPT_MAX) kept.delete(old);
      void load(key, kept);
      return null;
    },
    forget: () => void (kept = new Map()),
  };
}

function read(bytes: ArrayBuffer): Tile {
  const tile = new VectorTile(new PbfReader(new Uint8Array(bytes)));
  const layers: Tile['layers'] = {};
  let extent = 4096;
  for (const [name, layer] of Object.entries(tile.layers)) {
    extent = layer.extent;
    layers[name] = Array.from({ length: layer.length }, (_, i) => layer.feature(i)).flatMap((feature) => {
      const kind = KINDS[feature.type];
      if (!kind) return [];
      const rings = feature.loadGeometry();
      return [{ properties: feature.properties, kind, rings, path: pathOf(rings, kind === 'area') }];
    });
  }
  return { extent, layers };
}

function pathOf(rings: { x: number; y: number }[][], isClosed: boolean): Path2D {
  const path = new Path2D();
  for (const ring of rings) {
    ring.forEach((p, i) => (i === 0 ? path.moveTo(p.x, p.y) : path.lineTo(p.x, p.y)));
    if (isClosed) path.closePath();
  }
  return path;
}
