// What stands behind an estimate, gathered by who said it: how much each weighs, and what
// is to be known of a claim before one relies on it.

import { organisationOf } from './source.ts';
import type { Claim, ContributingSource, Why } from './api.ts';

/** All that one source contributes. */
export interface Contribution {
  source: string;
  /** Its share of the evidence, 0 to 1. */
  weight: number;
  /** How many of its claims take part. */
  readings: number;
  observed: string | undefined;
  /** The one of them that was seen last; `undefined` where it was not sent along. */
  newest: Claim | undefined;
  /** What is thought of it; `undefined` where that cannot be told. */
  health: NonNullable<ContributingSource['health']> | undefined;
  quarantined: boolean;
  /** Whose it is, if another's. */
  organisation: string | undefined;
}

/** Something to know of a claim: told after newer evidence, said before in the same words,
    too old to rely on. */
export type ClaimMark = 'late' | 'twice' | 'aged';

export function idOf(claim: Claim): string | undefined {
  return claim.claim ?? claim.id;
}

/** Who contributes, the weightiest first. */
export function contributions(why: Why): Contribution[] {
  const claims = new Map(why.claims.map((claim) => [idOf(claim), claim]));
  const all = new Map<string, Contribution>();
  for (const part of why.contributors ?? []) {
    const about = why.sources?.find((s) => s.source === part.source);
    const sum = all.get(part.source) ?? { source: part.source, weight: 0, readings: 0, observed: undefined, newest: undefined, health: about?.health ?? undefined, quarantined: about?.quarantined === true, organisation: about?.organisation?.name ?? organisationOf(part.source) };
    sum.weight += part.weight;
    sum.readings += 1;
    if (sum.observed === undefined || instant(part.observed) > instant(sum.observed)) {
      sum.observed = part.observed;
      sum.newest = claims.get(part.claim);
    }
    all.set(part.source, sum);
  }
  return [...all.values()].sort((a, b) => b.weight - a.weight || a.source.localeCompare(b.source));
}

/** Claims overtake each other by seconds all the time; this much is worth telling. */
const LATE_FROM_MS = 60_000;

/** The marks of every claim, in the order of the claims. */
export function marksOf(claims: readonly Claim[], at_ms: number, staleAfter_s: number | null): ClaimMark[][] {
  const first = new Map<string, number>();
  for (const claim of claims) {
    const words = saying(claim);
    first.set(words, Math.min(first.get(words) ?? Infinity, instant(claim.recorded)));
  }
  const overtaking = newestBefore(claims);
  return claims.map((claim) => {
    const [observed, recorded] = [instant(claim.observed), instant(claim.recorded)];
    const marks: ClaimMark[] = [];
    if ((overtaking.get(recorded) ?? -Infinity) - observed > LATE_FROM_MS) marks.push('late');
    if ((first.get(saying(claim)) as number) < recorded) marks.push('twice');
    if (staleAfter_s !== null && at_ms - observed > staleAfter_s * 1000) marks.push('aged');
    return marks;
  });
}

/** For each moment of recording, the newest observation that was recorded before it. */
function newestBefore(claims: readonly Claim[]): Map<number, number> {
  const result = new Map<number, number>();
  let [before, upToNow] = [-Infinity, -Infinity];
  for (const claim of [...claims].sort((a, b) => instant(a.recorded) - instant(b.recorded))) {
    const recorded = instant(claim.recorded);
    if (!result.has(recorded)) before = upToNow;
    result.set(recorded, before);
    upToNow = Math.max(upToNow, instant(claim.observed));
  }
  return result;
}

/** Source, moment and words: the same of all three is the same thing said again. */
function saying(claim: Claim): string {
  return JSON.stringify([claim.source, claim.entity, claim.attribute, claim.observed, claim.value, claim.unit, claim.absent, claim.notApplicable, claim.unknown, claim.retract]);
}

function instant(time: string | undefined): number {
  return time ? Date.parse(time) : Number.NaN;
}
