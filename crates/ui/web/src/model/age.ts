// Ages in words a person can read at a glance. One unit, rounded down: an age is never
// shown younger than the unit below it would allow.

export interface AgeWords { s: string; min: string; h: string; d: string }

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

/** `12 s`, `4 min`, `3 h`, `9 d`. Evidence from the future (skewed clocks) is `0 s` old. */
export function ageText(age_s: number, words: AgeWords): string {
  const age = Math.max(0, age_s);
  if (age < 2 * MINUTE_S) return `${Math.floor(age)} ${words.s}`;
  if (age < 2 * HOUR_S) return `${Math.floor(age / MINUTE_S)} ${words.min}`;
  if (age < 2 * DAY_S) return `${Math.floor(age / HOUR_S)} ${words.h}`;
  return `${Math.floor(age / DAY_S)} ${words.d}`;
}

/** For the plan, where ticking seconds would be unrest: `<1 min`, then as `ageText`. */
export function calmAgeText(age_s: number, words: AgeWords): string {
  if (age_s < MINUTE_S) return `<1 ${words.min}`;
  return age_s < 2 * MINUTE_S ? `1 ${words.min}` : ageText(age_s, words);
}

/** Seconds from an RFC 3339 time to `now_ms`; `null` where the time is missing or unreadable. */
export function ageSeconds(time: string | null | undefined, now_ms: number): number | null {
  if (!time) return null;
  const then = Date.parse(time);
  return Number.isNaN(then) ? null : Math.max(0, (now_ms - then) / 1000);
}

/** Wall-clock time `12:03:10`, local to the reader. */
export function clockText(time_ms: number): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const t = new Date(time_ms);
  return `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
}
