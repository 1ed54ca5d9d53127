// Whether a source that tells about a place is in doubt. Such a source is weighed less by
// the node and marked here; it is never hidden.

import { estimateOf, type Twin } from './api.ts';
import { STALE_AFTER_S } from './quantity.ts';

/** Warnings of an estimate that come from who said it, the gravest first. A clock that is
    off is told with the estimate but is none of them: what was said may be right, and a
    history that is handed over in one go looks the same. */
export const DOUBT_FLAGS = ['faultySource', 'quarantined'] as const;
export type DoubtFlag = (typeof DOUBT_FLAGS)[number];

/** Stands wherever a source is in doubt; the plan draws the same lozenge. */
export const DOUBT_MARK = '◇';

/** The doubts about who says how a thing is now. */
export function doubtsOf(twin: Twin): DoubtFlag[] {
  const flags = new Set(Object.keys(STALE_AFTER_S).flatMap((attribute) => estimateOf(twin, attribute)?.flags ?? []));
  return DOUBT_FLAGS.filter((flag) => flags.has(flag));
}
