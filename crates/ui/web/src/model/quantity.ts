// The quantities a person can look at: which attribute, which colour step, and from
// where on it needs action. Hue belongs to the quantity (see style/quantity.css);
// only the step depends on the value, and nothing here depends on confidence.

import type { Value } from './api.ts';

export type QuantityId =
  | 'temperature' | 'co2' | 'humidity' | 'occupancy' | 'smoke' | 'open' | 'existence';

export interface Quantity {
  id: QuantityId;
  /** Which twins have it. */
  on: 'space' | 'portal' | 'both';
  form: 'number' | 'count' | 'boolean' | 'probability';
  /** Unit as shown; the canonical unit of the catalogue. */
  unit: string;
  decimals: number;
  /** Lower bounds of colour steps 1 to 4, in the canonical unit; step 0 is below all. */
  bounds: [number, number, number, number];
  /** Values from here on need action. */
  alarmFrom: number | null;
  /** After this many seconds evidence is old, as in the catalogue; the page applies it
      itself while the node is away. */
  staleAfter_s: number | null;
}

export const QUANTITIES: readonly Quantity[] = [
  // 27 °C: upper end of category III offices, EN 16798-1; 45 °C and more is not weather;
  // 60 °C hinders breathing and escape within minutes, ISO 13571.
  { id: 'temperature', on: 'space', form: 'number', unit: '°C', decimals: 1, bounds: [27, 35, 45, 60], alarmFrom: 45, staleAfter_s: 1800 },
  // 420 ppm outdoors plus 550, 800, 1350 ppm: categories I to III of EN 16798-1; 5000 ppm
  // is the occupational limit over eight hours, Directive 2006/15/EC.
  { id: 'co2', on: 'space', form: 'number', unit: 'ppm', decimals: 0, bounds: [970, 1220, 1770, 5000], alarmFrom: 5000, staleAfter_s: 900 },
  { id: 'humidity', on: 'space', form: 'number', unit: '%', decimals: 0, bounds: [30, 60, 75, 90], alarmFrom: null, staleAfter_s: 1800 },
  { id: 'occupancy', on: 'space', form: 'count', unit: '', decimals: 0, bounds: [1, 3, 10, 30], alarmFrom: null, staleAfter_s: 900 },
  { id: 'smoke', on: 'space', form: 'boolean', unit: '', decimals: 0, bounds: [0.05, 0.2, 0.5, 0.9], alarmFrom: 0.5, staleAfter_s: 300 },
  { id: 'open', on: 'portal', form: 'boolean', unit: '', decimals: 0, bounds: [0.2, 0.4, 0.6, 0.8], alarmFrom: null, staleAfter_s: 600 },
  { id: 'existence', on: 'both', form: 'probability', unit: '%', decimals: 0, bounds: [0.5, 0.8, 0.9, 0.99], alarmFrom: null, staleAfter_s: null },
];

/** Ages of the attributes that are shown but cannot be switched to. */
export const STALE_AFTER_S: Readonly<Record<string, number>> = {
  ...Object.fromEntries(QUANTITIES.filter((q) => q.staleAfter_s !== null).map((q) => [q.id, q.staleAfter_s as number])),
  motion: 600,
  passable: 3600,
  passages: 600,
  phones: 900,
  serviceState: 3600,
  ventilation: 3600,
};

export function quantity(id: QuantityId): Quantity {
  return QUANTITIES.find((q) => q.id === id) as Quantity;
}

/** The number that decides colour and alarm: the value itself, or for a yes-or-no the
    probability of yes. `null` where the value is of another form. */
export function magnitude(q: Quantity, value: Value | undefined, probability: number | null | undefined): number | null {
  if (typeof value === 'boolean') {
    const p = probability ?? 1;
    return value ? p : 1 - p;
  }
  return typeof value === 'number' && Number.isFinite(value) && q.form !== 'boolean' ? value : null;
}

/** Colour step 0 to 4 of a magnitude. */
export function step(q: Quantity, size: number): 0 | 1 | 2 | 3 | 4 {
  return q.bounds.filter((bound) => size >= bound).length as 0 | 1 | 2 | 3 | 4;
}

export function isAlarming(q: Quantity, size: number): boolean {
  return q.alarmFrom !== null && size >= q.alarmFrom;
}
