// Twins that were found by their words or by their place, among them those that others
// only announced and nobody here has ever met.

import { numberText, percentText } from './words.ts';
import { sideName } from './identity.ts';
import type { From, Standing } from './members.ts';
import type { Text } from '../text/en.ts';

export interface Found {
  id: string;
  kind: string;
  name?: string | null;
  address?: string | null;
  place?: { latitude_deg: number; longitude_deg: number } | null;
  distance_m?: number | null;
  score?: number;
  sources?: string[];
  from?: (From | string)[];
  identities?: { id: string; probability: number }[];
}

export interface FindAnswer { commit?: number; found: Found[] }

const KILOMETRE_FROM_M = 1000;

/** What it is called: its name, else its address, else its id's last parts. */
export function foundName(found: Pick<Found, 'id' | 'name' | 'address'>): string {
  return sideName(found);
}

export function distanceText(distance_m: number | null | undefined, text: Text): string {
  if (typeof distance_m !== 'number') return '';
  const isFar = distance_m >= KILOMETRE_FROM_M;
  return text.find.away(isFar ? `${numberText(distance_m / 1000, 1, text)} km` : `${numberText(distance_m, 0, text)} m`);
}

/** `same as Stadskantoor, 92 %`, by the name that was found with it, most probable first. */
export function identityTexts(found: Found, all: readonly Found[], text: Text): string[] {
  const nameOf = (id: string) => foundName(all.find((other) => other.id === id) ?? { id });
  const surest = [...(found.identities ?? [])].sort((a, b) => b.probability - a.probability);
  return surest.map((same) => text.find.sameAs(nameOf(same.id), percentText(same.probability, text)));
}

/** The names of the organisations that tell of it. */
export function toldBy(found: Found): string[] {
  return (found.from ?? []).map((from) => (typeof from === 'string' ? from : from.name));
}

/** What the answer itself says of an organisation, where the list of members does not. */
export function foundStanding(from: From | string, listed: Standing): Standing {
  if (typeof from === 'string' || listed.state !== 'unknown' || from.connected) return listed;
  return { ...listed, state: 'outOfContact', since: from.lastHeard ?? null, lastHeard: from.lastHeard ?? null };
}

/** The query of a search, or `null` where there is nothing to look for yet. */
export function findQuery(words: string, near: { latitude_deg: number; longitude_deg: number; radius_m: number } | null): string | null {
  const query = new URLSearchParams();
  if (words.trim() !== '') query.set('text', words.trim());
  if (near) query.set('near', `${near.latitude_deg},${near.longitude_deg},${near.radius_m}`);
  return query.size > 0 ? query.toString() : null;
}
