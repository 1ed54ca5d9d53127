// What the map shows and where it comes from: the node's own tiles, with everybody credited
// whose data is in them.

import { estimateOf, type Twin } from './api.ts';
import { boundsOf, type LonLat } from './earth.ts';
import { ringsOf } from './geometry.ts';

export interface MapSource { batch?: number | null; name: string; licence?: string | null; attribution?: string | null }

export interface MapInfo { commit: number; /** West, south, east, north; `null` while there is nothing to show. */ bounds: [number, number, number, number] | null; sources: MapSource[] }

/** One line for each source, each line once. A licence that nobody stated is unknown, which
    is not the same as free. */
export function creditsOf(sources: readonly MapSource[], unknownLicence: string): string[] {
  const lines = sources.map((s) => `${s.attribution || s.name}${s.licence ? ` (${s.licence})` : s.attribution ? '' : ` (${unknownLicence})`}`);
  return [...new Set(lines)];
}

/** Kinds that live on the map rather than in a plan. */
export type CityKind = 'street' | 'building' | 'area' | 'portal' | 'place';

/** Something chosen on the map. A `place` is a bare point somebody tapped. */
export interface CityThing { kind: CityKind; id: string | null; name: string | null; at: readonly [number, number] | null }

/** Where a twin stands on earth: its own place, or the middle of what is drawn of it. */
export function placeOnEarth(twin: Twin | undefined): LonLat | null {
  const site = estimateOf(twin, 'sitePosition')?.value as { latitude_deg?: unknown; longitude_deg?: unknown } | null | undefined;
  if (typeof site?.latitude_deg === 'number' && typeof site.longitude_deg === 'number') return [site.longitude_deg, site.latitude_deg];
  const outline = ringsOf(estimateOf(twin, 'outline')?.value)?.[0];
  if (outline) return middle(outline);
  const course = (estimateOf(twin, 'course')?.value as { line?: unknown } | null | undefined)?.line;
  // On a street, not beside it.
  const at = Array.isArray(course) ? (course[Math.floor(course.length / 2)] as unknown[] | undefined) : undefined;
  return typeof at?.[0] === 'number' && typeof at[1] === 'number' ? [at[0], at[1]] : null;
}

function middle(ring: readonly (readonly number[])[]): LonLat | null {
  const box = boundsOf(ring.map((p) => [p[0] ?? Number.NaN, p[1] ?? Number.NaN]));
  return box && [(box.west + box.east) / 2, (box.south + box.north) / 2];
}

const LISTED_MAX = 300;

/** Named things first, by name; so many of each kind, so that houses do not crowd out
    streets. */
export function listed(things: Iterable<CityThing>): CityThing[] {
  const all = [...things].sort((a, b) => Number(a.name === null) - Number(b.name === null) || (a.name ?? '').localeCompare(b.name ?? ''));
  return (['building', 'street', 'area', 'portal', 'place'] as const).flatMap((kind) => all.filter((t) => t.kind === kind).slice(0, LISTED_MAX));
}

/** Whether the node could be asked for a way to it. */
export function canBeReached(thing: CityThing): boolean {
  return thing.at !== null || (thing.kind === 'street' && thing.id !== null);
}

/** How `GET /v1/routes` is told of it. A tapped point says more than the whole street; seven
    decimals are a centimetre. */
export function routeEnd(thing: CityThing): string | null {
  if (thing.at) return `${thing.at[1].toFixed(7)},${thing.at[0].toFixed(7)}`;
  return thing.kind === 'street' ? thing.id : null;
}
