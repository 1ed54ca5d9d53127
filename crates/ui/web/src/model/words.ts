// Estimates in words: value, interval and age as text. Pure, so that "unknown is never
// shown as 0 or blank" is a test and not a hope.

import type { Alternative, Estimate, Interval, Value } from './api.ts';
import { ageText, calmAgeText } from './age.ts';
import { isDecided, type Look, type Shown } from './estimate.ts';
import { DOUBT_FLAGS } from './doubt.ts';
import type { Quantity } from './quantity.ts';
import type { Text } from '../text/en.ts';

const UNITS: Readonly<Record<string, string>> = {
  Cel: '°C', '[ppm]': 'ppm', m2: 'm²', '1': '', '%': '%', m: 'm', 'm3/h': 'm³/h',
};

export function unitText(unit: string | null | undefined): string {
  return unit ? (UNITS[unit] ?? unit) : '';
}

export function numberText(value: number, decimals: number, text: Text): string {
  return new Intl.NumberFormat(text.locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping: false }).format(value);
}

function decimalsFor(value: number): number {
  const size = Math.abs(value);
  return Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : 2;
}

/** A value of any form in words; `names` turns a twin's id into its name. */
export function valueText(value: Value | undefined, unit: string, text: Text, names?: (id: string) => string, decimals?: number): string {
  if (value === undefined || value === null) return text.look.unknown;
  if (typeof value === 'boolean') return value ? text.yes : text.no;
  if (typeof value === 'number') return withUnit(numberText(value, decimals ?? decimalsFor(value), text), unit);
  if (typeof value === 'string') return text.service[value] ?? value;
  const name = names ?? ((id: string) => id);
  const v = value as Record<string, unknown>;
  if (typeof v['entity'] === 'string') return name(v['entity']);
  if (Array.isArray(v['entities'])) return (v['entities'] as string[]).map(name).join(' – ');
  if (Array.isArray(v['polygon'])) return text.shape.polygon;
  if (Array.isArray(v['line'])) return text.shape.line;
  if (Array.isArray(v['point'])) return (v['point'] as number[]).map((n) => numberText(n, 2, text)).join(', ');
  return JSON.stringify(value);
}

function withUnit(number: string, unit: string): string {
  return unit ? `${number} ${unit}` : number;
}

/** `20.9–21.9 °C (90 %)`, or nothing where the interval is a single value. */
export function intervalText(interval: Interval | null | undefined, unit: string, decimals: number, text: Text): string {
  if (!interval || !Number.isFinite(interval.lo) || !Number.isFinite(interval.hi)) return '';
  const range = rangeText(interval, decimals, text);
  return `${withUnit(range, unit)} (${Math.round(interval.level * 100)} %)`;
}

/** `20.9–21.9`; one number where both ends read the same. */
export function rangeText(interval: Interval, decimals: number, text: Text): string {
  const lo = numberText(interval.lo, decimals, text);
  const hi = numberText(interval.hi, decimals, text);
  return lo === hi ? lo : `${lo}–${hi}`;
}

export function percentText(p: number, text: Text): string {
  // Certainty is never claimed by rounding.
  if (p > 0.99 && p < 1) return `>${numberText(99, 0, text)} %`;
  if (p < 0.01 && p > 0) return `<${numberText(1, 0, text)} %`;
  return `${numberText(p * 100, 0, text)} %`;
}

const DECIMALS: Readonly<Record<string, number>> = { '': 0, ppm: 0, '%': 0, '°C': 1, 'm³/h': 0 };

/** No more digits than a building's sensors can mean. */
export function decimalsOf(unit: string): number {
  return DECIMALS[unit] ?? 2;
}

/** For how far something may be off: people are whole, doubt about their number is not. */
export function spreadDecimalsOf(unit: string): number {
  return unit === '' ? 1 : decimalsOf(unit);
}

/** How sure: half the width of the interval, the whole of it for people, or the probability. */
export function spreadText(e: Estimate, attribute: string, text: Text): string {
  const unit = unitText(e.unit);
  if (e.interval && unit === '') return rangeText(e.interval, 0, text);
  if (e.interval) return `±${numberText((e.interval.hi - e.interval.lo) / 2, spreadDecimalsOf(unit), text)} ${unit}`;
  return toldText(e, attribute, text);
}

/** What: the value with how sure it is. */
export function toldText(e: Estimate, attribute: string, text: Text): string {
  if (e.value === undefined || e.value === null) return text.status[e.status] ?? text.look.unknown;
  const unit = unitText(e.unit);
  if (typeof e.value === 'boolean') return booleanText(e.value, e.probability ?? null, attribute, text);
  if (typeof e.value === 'number' && e.interval) {
    const spread = spreadText(e, attribute, text);
    return `${numberText(e.value, decimalsOf(unit), text)} ${unit === '' ? `(${spread})` : spread}`;
  }
  const value = valueText(e.value, unit, text);
  return typeof e.probability === 'number' ? `${value} ${percentText(e.probability, text)}` : value;
}

function booleanText(value: boolean, p: number | null, attribute: string, text: Text): string {
  if (p === null) return stateText(attribute, value, text);
  if (isDecided(attribute, value, p)) return `${stateText(attribute, value, text)} ${percentText(p, text)}`;
  return `${text.state.undecided} (${stateText(attribute, true, text)} ${percentText(value ? p : 1 - p, text)})`;
}

/** `clear` says more than `no`. */
export function stateText(attribute: string, value: boolean, text: Text): string {
  const { smoke, open, motion, plain } = text.state;
  const words = { smoke, open, motion }[attribute] ?? plain;
  return value ? words.yes : words.no;
}

/** The two short lines on a plan: what, and how old. An unknown has a word and no number. */
export interface AreaLabel { value: string; age: string }

export function areaLabel(q: Quantity, s: Shown, text: Text, alternatives?: Alternative[] | null): AreaLabel {
  const value = areaValue(q, s, text, alternatives);
  const age = s.age_s !== null ? calmAgeText(s.age_s, text.age) : isWordOnly(s.look) ? '' : text.ageUnknown;
  return { value: s.mark ? `${s.mark} ${value}` : value, age };
}

function areaValue(q: Quantity, s: Shown, text: Text, alternatives?: Alternative[] | null): string {
  if (isWordOnly(s.look)) return text.lookShort[s.look];
  if (s.look === 'conflicting' && alternatives && alternatives.length > 1) {
    return disputed(q, alternatives, text);
  }
  return quantityValue(q, s.value, s.probability, s.interval, text);
}

/** `19.2 | 28.8 °C`: the two most probable, side by side. */
function disputed(q: Quantity, alternatives: Alternative[], text: Text): string {
  const two = alternatives.slice(0, 2);
  const numbers = two.map((a) => a.value).filter((v) => typeof v === 'number');
  if (numbers.length === 2) return withUnit(numbers.map((n) => numberText(n, q.decimals, text)).join(' | '), q.unit);
  // What a source says is a plain word; how probable it is belongs to the choice between them.
  return two.map((a) => quantityValue(q, a.value, q.form === 'probability' ? a.probability : null, null, text)).join(' | ');
}

function isWordOnly(look: Look): boolean {
  return look === 'unknown' || look === 'absent' || look === 'withheld' || look === 'notApplicable';
}

function quantityValue(q: Quantity, value: Value | undefined, probability: number | null, interval: Interval | null, text: Text): string {
  if (value === undefined || value === null) return text.lookShort.conflicting;
  if (typeof value === 'boolean') {
    if (q.form === 'probability') return percentText(value ? (probability ?? 1) : 1 - (probability ?? 1), text);
    if (!isDecided(q.id, value, probability)) return text.state.undecided;
    return text.state[q.id === 'smoke' ? 'smoke' : q.id === 'open' ? 'open' : 'plain'][value ? 'yes' : 'no'];
  }
  if (typeof value !== 'number') return valueText(value, '', text);
  if (q.form === 'count' && interval) return rangeText(interval, 0, text);
  return withUnit(numberText(value, q.decimals, text), q.unit);
}

/** One whole sentence for screen readers and tooltips: what, how sure, how old. */
export function spokenEstimate(label: string, e: Estimate | undefined, s: Shown, unit: string, decimals: number, text: Text, attribute = ''): string {
  const parts = [`${label}: ${text.look[s.look]}`];
  if (!isDecided(attribute, s.value, s.probability)) parts.push(text.state.undecided);
  else if (s.value !== undefined) parts.push(valueText(s.value, unit, text, undefined, typeof s.value === 'number' ? decimals : undefined));
  const interval = intervalText(s.interval, unit, decimals, text);
  if (interval) parts.push(interval);
  if (s.age_s !== null) parts.push(text.ago(ageText(s.age_s, text.age)));
  else if (!isWordOnly(s.look)) parts.push(text.ageUnknown);
  for (const flag of DOUBT_FLAGS) if (e?.flags?.includes(flag)) parts.push(text.flag[flag] as string);
  return parts.join(', ');
}
