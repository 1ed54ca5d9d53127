// What the map shows and where it comes from: the node's own tiles, with everybody credited
// whose data is in them.

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

/** Whether the node could be asked for a way to it. */
export function canBeReached(thing: CityThing): boolean {
  return thing.at !== null || (thing.kind === 'street' && thing.id !== null);
}

/** How `GET /v1/routes` is told of it. A tapped point says more than the whole street; seven
    decimals are a centimetre. */
export function routeEnd(thing: CityThing): string | null {
  if (thing.at) return `${thing.at[1].toFixed(7)},${thing.at[0].toFixed(7)}`;
  return thing.kind === 'street' && thing.id ? `street:${thing.id}` : null;
}
