// Badges of storeys: how much of a storey is unknown, old or alarming, by the most
// safety-relevant live attribute of each space.

import { estimateOf, type StatusCounts, type StoreySummary, type Twin } from './api.ts';
import { shown, type Look, type Shown } from './estimate.ts';
import { doubtsOf } from './doubt.ts';
import { quantity, type QuantityId } from './quantity.ts';

/** Most safety-relevant first, as the node counts them. */
const SAFETY: readonly QuantityId[] = ['smoke', 'temperature', 'co2', 'occupancy'];

export interface Badge {
  total: number;
  unknown: number;
  old: number;
  /** Derived from elsewhere; nobody looked here. */
  inferred: number;
  alarm: number;
  /** Spaces of which a source is in doubt, whatever else they are counted as. */
  doubtful: number;
  /** Spaces of which an organisation tells that is out of contact, whatever else they are. */
  away: number;
}

/** The first safety attribute about which anything was ever said; unknown where none. */
export function safetyLook(twin: Twin, now_ms: number): Shown {
  const all = SAFETY.map((id) => {
    const q = quantity(id);
    return shown(estimateOf(twin, id), now_ms, q.staleAfter_s, q);
  });
  return all.find((s) => s.alarm) ?? all.find((s) => s.look !== 'unknown' && s.look !== 'notApplicable') ?? (all[0] as Shown);
}

/** The organisations that take part in what is believed of a space's safety. */
export function tellersOf(twin: Twin): Set<string> {
  return new Set(SAFETY.flatMap((id) => estimateOf(twin, id)?.from ?? []));
}

/** `places` are the things about which the node doubts a source, `isAway` tells whether an
    organisation is out of contact. */
export function badge(spaces: readonly Twin[], now_ms: number, places: ReadonlySet<string> = new Set(), isAway: (name: string) => boolean = () => false): Badge {
  const result = { total: spaces.length, unknown: 0, old: 0, inferred: 0, alarm: 0, doubtful: 0, away: 0 };
  for (const space of spaces) {
    const s = safetyLook(space, now_ms);
    if (doubtsOf(space).length > 0 || places.has(space.id)) result.doubtful++;
    if ([...tellersOf(space)].some(isAway)) result.away++;
    if (s.alarm) result.alarm++;
    else if (s.look === 'old' || s.look === 'conflicting') result.old++;
    else if (s.look === 'inferred') result.inferred++;
    else if (isUnseen(s.look)) result.unknown++;
  }
  return result;
}

/** The badge from the node's own counts, until the plan of the storey is here. */
export function badgeFromCounts(spaces: number, counts: StatusCounts | undefined, alarms = 0): Badge {
  const n = (...words: (keyof StatusCounts)[]) => words.reduce((sum, word) => sum + (counts?.[word] ?? 0), 0);
  return {
    total: spaces,
    unknown: counts ? n('unknown', 'withheld', 'assumed') : spaces,
    old: n('stale', 'conflicting'),
    inferred: n('inferred'),
    alarm: alarms,
    doubtful: 0,
    away: 0,
  };
}

/** Where a building is entered, and what is shown first: of the storeys that are subdivided
    the one nearest to the building's zero; the lowest one where no height is known. */
export function entranceStorey<S extends Pick<StoreySummary, 'spaces' | 'elevation'>>(storeys: readonly S[]): S | undefined {
  const subdivided = storeys.filter((s) => s.spaces > 1);
  const candidates = subdivided.length > 0 ? subdivided : storeys;
  const height = (s: S) => (typeof s.elevation?.value === 'number' ? Math.abs(s.elevation.value) : Infinity);
  return candidates.reduce<S | undefined>((best, s) => (best === undefined || height(s) < height(best) ? s : best), undefined);
}

function isUnseen(look: Look): boolean {
  return look === 'unknown' || look === 'withheld' || look === 'assumed';
}
