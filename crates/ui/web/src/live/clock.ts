// The node's clock, as seen from a tablet whose own clock may be wrong. Every answer
// carries a Date header of whole seconds: the node's time lay within that second at some
// moment between asking and hearing. Several answers narrow the offset down.

export interface Offset { lo_ms: number; hi_ms: number }

/** Bounds from one answer; `null` if the header is missing or unreadable. */
export function sample(dateHeader: string | null, asked_ms: number, heard_ms: number): Offset | null {
  const date = dateHeader ? Date.parse(dateHeader) : Number.NaN;
  return Number.isNaN(date) ? null : { lo_ms: date - heard_ms, hi_ms: date + 1000 - asked_ms };
}

/** What both say; if they contradict each other a clock was set, and the newer counts. */
export function narrow(known: Offset | null, fresh: Offset): Offset {
  if (!known) return fresh;
  const both = { lo_ms: Math.max(known.lo_ms, fresh.lo_ms), hi_ms: Math.min(known.hi_ms, fresh.hi_ms) };
  return both.lo_ms <= both.hi_ms ? both : fresh;
}

export function middle(offset: Offset | null): number {
  return offset ? (offset.lo_ms + offset.hi_ms) / 2 : 0;
}
