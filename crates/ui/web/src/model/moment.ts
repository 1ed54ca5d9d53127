// Another time than now. A question has two: the time it is about, and the time up to
// which the node looks at what it was told. "As it was at ten, as known at ten" is what a
// commander could have known; "as it was at ten, as known now" is what we know in hindsight.

export interface Moment {
  /** What it is about; `null` is now. */
  at_ms: number | null;
  /** What the node had been told by then; `null` is all it was told since. */
  known_ms: number | null;
}

export const NOW: Moment = { at_ms: null, known_ms: null };

export function isNow(moment: Moment): boolean {
  return moment.at_ms === null && moment.known_ms === null;
}

/** The query of a question, with its question mark. */
export function momentQuery(moment: Moment): string {
  const part = (name: string, ms: number | null) => (ms === null ? [] : [`${name}=${new Date(ms).toISOString()}`]);
  const parts = [...part('at', moment.at_ms), ...part('knownAt', moment.known_ms)];
  return parts.length > 0 ? `?${parts.join('&')}` : '';
}

/** For `<input type=datetime-local>`: the reader's wall clock, to the second. */
export function toTyped(ms: number | null): string {
  if (ms === null) return '';
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}

/** What was typed there; `null` for nothing or nonsense. */
export function fromTyped(typed: string): number | null {
  const ms = Date.parse(typed);
  return typed === '' || Number.isNaN(ms) ? null : ms;
}
