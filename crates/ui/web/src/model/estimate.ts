// From an estimate to what is drawn. Four classes carry the picture (observed, old,
// inferred, unknown); six marks stand beside them. Only a value that is shown at all
// has a colour step, and only `observed` is drawn as solid colour, so that nothing
// that was not observed now can look safe (UNKNOWN-IS-A-VALUE).

import type { Estimate, Interval, Status, Value } from './api.ts';
import { ageSeconds } from './age.ts';
import { isAlarming, magnitude, step, type Quantity } from './quantity.ts';

export const LOOKS = [
  'observed', 'old', 'inferred', 'unknown',
  'predicted', 'assumed', 'conflicting', 'absent', 'withheld', 'notApplicable',
] as const;
export type Look = (typeof LOOKS)[number];

/** Letter or shape beside the value; the second sign next to the pattern, so that
    nothing rests on colour alone. `observed` needs none. */
export const MARKS: Readonly<Record<Look, string>> = {
  observed: '', old: '◷', inferred: '≈', unknown: '?', predicted: '→',
  assumed: '~', conflicting: '≠', absent: '∅', withheld: '⊘', notApplicable: '–',
};

const LOOK_OF: Readonly<Record<Status, Look>> = {
  observed: 'observed', fused: 'observed', inferred: 'inferred', predicted: 'predicted',
  assumed: 'assumed', stale: 'old', conflicting: 'conflicting', unknown: 'unknown',
  absent: 'absent', withheld: 'withheld', notApplicable: 'notApplicable',
};

const VALUELESS: ReadonlySet<Look> = new Set<Look>(['unknown', 'absent', 'withheld', 'notApplicable']);

export interface Shown {
  look: Look;
  mark: string;
  /** The value that may be shown; `undefined` for whatever is not known or not told. */
  value: Value | undefined;
  interval: Interval | null;
  probability: number | null;
  /** Seconds since the evidence; `null` where there is no evidence or it is not shown. */
  age_s: number | null;
  /** Colour step within the quantity's hue; `null` means no colour at all. */
  step: 0 | 1 | 2 | 3 | 4 | null;
  alarm: boolean;
}

/** How an estimate looks at `now_ms` (the node's clock). A word this page does not know,
    a missing estimate and a missing value all look unknown, whatever else was sent. */
export function shown(estimate: Estimate | undefined, now_ms: number, staleAfter_s: number | null, q?: Quantity): Shown {
  const age_s = ageSeconds(estimate?.evidenceTime, now_ms);
  const look = lookOf(estimate, age_s, staleAfter_s);
  if (!estimate || VALUELESS.has(look)) {
    return { look, mark: MARKS[look], value: undefined, interval: null, probability: null, age_s: null, step: null, alarm: false };
  }
  const probability = estimate.probability ?? null;
  const size = q ? magnitude(q, q.form === 'probability' ? existence(estimate) : estimate.value, probability) : null;
  return {
    look,
    mark: look === 'inferred' && isOld(estimate, age_s, staleAfter_s) ? MARKS.inferred + MARKS.old : MARKS[look],
    value: estimate.value,
    interval: estimate.interval ?? null,
    probability,
    age_s,
    step: q && size !== null ? step(q, size) : null,
    alarm: q !== undefined && size !== null && isAlarming(q, size),
  };
}

/** Below this, a yes or no is a coin that has not landed: the page says so instead of
    calling `clear` what is smoke in one case of three. */
const DECIDED_FROM = 0.65;

/** "Clear" sends people into a room: it takes more than "smoke" does. */
const CLEAR_FROM = 0.95;

/** Whether a yes or no of an attribute is sure enough to be said as one. */
export function isDecided(attribute: string, value: Value | undefined, probability: number | null | undefined): boolean {
  const from = attribute === 'smoke' && value === false ? CLEAR_FROM : DECIDED_FROM;
  return typeof value !== 'boolean' || probability === null || probability === undefined || probability >= from;
}

function lookOf(estimate: Estimate | undefined, age_s: number | null, staleAfter_s: number | null): Look {
  const look = estimate ? (LOOK_OF[estimate.status] ?? 'unknown') : 'unknown';
  if (VALUELESS.has(look)) return look;
  if (estimate?.value === undefined || estimate.value === null) {
    return look === 'conflicting' && estimate?.alternatives?.length ? look : 'unknown';
  }
  // What nobody saw here does not become "observed, but old" by ageing: it stays inferred.
  if (look === 'old' && estimate.basis === 'inferred') return 'inferred';
  return look === 'observed' && isOld(estimate, age_s, staleAfter_s) ? 'old' : look;
}

/** Too old to rely on: the node says so, or it has become so since the node was heard. */
function isOld(estimate: Estimate, age_s: number | null, staleAfter_s: number | null): boolean {
  return estimate.status === 'stale' || (staleAfter_s !== null && age_s !== null && age_s > staleAfter_s);
}

/** Structure confidence: the probability that the thing is there. */
function existence(estimate: Estimate): number | undefined {
  if (typeof estimate.value !== 'boolean') return undefined;
  const p = estimate.probability ?? 1;
  return estimate.value ? p : 1 - p;
}
