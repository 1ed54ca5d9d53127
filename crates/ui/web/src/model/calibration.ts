// How well estimates hold what they say, per class of quantity: of a hundred intervals that
// claim 90 %, how many held the truth. Scores come from the node; here they become words
// and a histogram with the band that chance alone would fill.

import { numberText, percentText } from './words.ts';
import type { Text } from '../text/en.ts';

export type Verdict = 'tooFew' | 'calibrated' | 'tooSure' | 'tooUnsure';

/** Probabilities foreseen alike, and how often it was so. */
export interface ReliabilityBin { n: number; foreseen: number; said: number }

export interface ClassScore {
  attribute: string;
  unit?: string | null;
  /** How often a later reading could be held against what was said before it. */
  n: number;
  coverage50?: number | null;
  coverage90?: number | null;
  /** Where the share of 90 % intervals lies that held, given so few checks. */
  band90?: [number, number] | null;
  crps?: number | null;
  logScore?: number | null;
  brier?: number | null;
  /** How often the truth fell into each twentieth of what was said. */
  pit?: number[] | null;
  /** Of a yes-or-no: how often it was said where so much was foreseen. */
  reliability?: ReliabilityBin[];
  /** By how much intervals of the class are given wider, 1 or more. */
  widening?: number;
  verdict: Verdict;
  /** Which outside data it was checked against; `null` where none ever was. */
  validatedOn?: string | null;
}

/** The same of one source of one attribute. */
export interface SourceScore {
  source: string;
  attribute: string;
  n: number;
  coverage90?: number | null;
  /** The share of its words that were foreseen. */
  foreseen?: number | null;
  hit?: number | null;
  falseAlarm?: number | null;
}

export interface Calibration { classes: ClassScore[]; sources?: SourceScore[] }

const GRAVITY: readonly Verdict[] = ['tooSure', 'tooUnsure', 'calibrated', 'tooFew'];
/** Told from here on; less is not seen in an interval of two digits. */
const WIDENING_TOLD_FROM = 1.05;
/** 90 % of a normal distribution lie within so many standard deviations. */
const Z90 = 1.645;

/** Which source estimates hold least against: first in the list of a class. */
export function byHold(a: SourceScore, b: SourceScore): number {
  const held = (s: SourceScore) => s.coverage90 ?? s.foreseen ?? 1;
  return held(a) - held(b) || b.n - a.n || a.source.localeCompare(b.source);
}

/** What needs a look first. */
export function byVerdict(a: ClassScore, b: ClassScore): number {
  return GRAVITY.indexOf(a.verdict) - GRAVITY.indexOf(b.verdict) || a.attribute.localeCompare(b.attribute);
}

/** `Says 90 %, holds 84 %: too sure, so given 1.3 × wider.` */
export function verdictText(score: ClassScore, text: Text): string {
  const t = text.calibration;
  if (score.verdict === 'tooFew') return score.n === 0 ? t.neverTried : t.tooFew(score.n);
  const widening = score.widening ?? 1;
  const wider = widening >= WIDENING_TOLD_FROM ? t.wider(numberText(widening, 1, text)) : '';
  const holds = typeof score.coverage90 === 'number' ? t.holds(percentText(score.coverage90, text)) : '';
  return `${[holds, t.verdict[score.verdict]].filter(Boolean).join(': ')}${wider}.`;
}

/** One bar of the histogram: its share of the highest thing drawn, and whether chance
    alone would hardly make it so. */
export interface PitBar { height: number; isOdd: boolean }
export interface Pit { bars: PitBar[]; lo: number; even: number; hi: number; odd: number }

/** Bars and the band in which 18 of 20 would lie if the class were calibrated: counts of
    one bar are binomial, taken as normal. */
export function pitBars(counts: readonly number[] | null | undefined): Pit | null {
  const n = counts?.reduce((sum, c) => sum + c, 0) ?? 0;
  if (!counts || n === 0 || !counts.every((c) => Number.isFinite(c) && c >= 0)) return null;
  const share = 1 / counts.length;
  const even = n * share;
  const half = Z90 * Math.sqrt(even * (1 - share));
  const [lo, hi] = [Math.max(0, even - half), even + half];
  const top = Math.max(hi, ...counts);
  const bars = counts.map((c) => ({ height: c / top, isOdd: c < lo || c > hi }));
  return { bars, lo: lo / top, even: even / top, hi: hi / top, odd: bars.filter((b) => b.isOdd).length };
}
