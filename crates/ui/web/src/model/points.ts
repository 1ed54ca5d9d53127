// Points: the topics and numbers under which sensors of a building speak, and which room
// and quantity each is taken for. A suggestion is only that until a person confirms it, and
// what nobody could place is never dropped.

import { percentText } from './words.ts';
import type { Text } from '../text/en.ts';

export const POINT_STATES = ['unmapped', 'suggested', 'confirmed', 'ignored'] as const;
export type PointState = (typeof POINT_STATES)[number];

export interface MappedPoint {
  id: string;
  point: string;
  observes?: { id: string; name?: string | null } | null;
  attribute?: string | null;
  unit?: string | null;
  probability?: number | null;
  state: PointState;
  reason?: string | null;
  /** What it said while nobody had confirmed where it is. */
  last?: { value?: unknown; unit?: string | null; retained?: boolean | null } | null;
  lastTime?: string | null;
  /** Whether what it said last is an alarm, as far as the node can tell. */
  alarm?: boolean | null;
  /** Since when it has sounded, as far as is known, and when it was heard last. */
  alarmSince?: string | null;
  alarmHeard?: string | null;
  /** Whether what it said is kept from the reader: it may tell of people. */
  withheld?: boolean | null;
}

export interface PointList { commit: number; points: MappedPoint[]; counts?: Partial<Record<PointState, number>>; next?: string | null }

/** What is sent for one point. */
export interface PointDecision { id: string; observes: string | null; attribute: string | null; unit: string | null; state: 'confirmed' | 'ignored' }

export function pointsQuery(state: PointState | 'all' | 'alarming', after: string, limit: number): string {
  const query = new URLSearchParams({ state, limit: String(limit) });
  if (after) query.set('after', after);
  return `/v1/points?${query.toString()}`;
}

/** Whether there is enough to confirm: a place and a quantity. */
export function canConfirm(p: MappedPoint): boolean {
  return !!p.observes?.id && !!p.attribute;
}

export function decide(p: MappedPoint, state: PointDecision['state']): PointDecision {
  return { id: p.id, observes: p.observes?.id ?? null, attribute: p.attribute ?? null, unit: p.unit ?? null, state };
}

/** The points that may be confirmed together: suggested, complete, and at least so sure. */
export function sureEnough(points: readonly MappedPoint[], least: number): MappedPoint[] {
  return points.filter((p) => p.state === 'suggested' && canConfirm(p) && typeof p.probability === 'number' && p.probability >= least);
}

/** `Room 2.14, temperature, °C`; what is missing is said. */
export function mappingText(p: MappedPoint, text: Text): string {
  const place = p.observes ? p.observes.name || p.observes.id.split(':').slice(-2).join(' ') : text.points.placeUnknown;
  const attribute = p.attribute ? (text.attribute[p.attribute] ?? p.attribute) : text.points.attributeUnknown;
  return [place, attribute, p.unit ?? ''].filter(Boolean).join(' · ');
}

export function surenessOf(p: MappedPoint, text: Text): string {
  return typeof p.probability === 'number' ? percentText(p.probability, text) : text.look.unknown;
}

/** A place as people write it, `2.14 · Second floor` where names repeat. */
export interface NamedPlace { id: string; name: string; storey: string }

export function placeLabel(place: NamedPlace): string {
  return place.storey ? `${place.name} · ${place.storey}` : place.name;
}

/** The one place that is meant by an id, a label or a name; `null` where there is none, or
    where several have the name: a guess would put a sensor into the wrong room. */
export function placeMeant(written: string, places: readonly NamedPlace[]): string | null {
  const wanted = written.trim();
  if (wanted.startsWith('urn:')) return wanted;
  const folded = wanted.toLowerCase();
  if (folded === '') return null;
  for (const of of [placeLabel, (p: NamedPlace) => p.name]) {
    const fitting = places.filter((p) => of(p).toLowerCase() === folded);
    if (fitting.length > 0) return fitting.length === 1 ? (fitting[0]?.id ?? null) : null;
  }
  return null;
}

/** What the point said last, as it said it; silence is not a zero. */
export function lastText(p: MappedPoint, text: Text): string {
  const value = p.last?.value;
  if (p.withheld) return text.points.withheld;
  if (value === undefined || value === null) return text.points.neverSpoke;
  const said = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return [said, p.last?.unit ?? ''].filter(Boolean).join(' ');
}

/** Points that sound an alarm and of which nobody knows where they are. A suggested place
    is not known either: until somebody confirms it, nothing is shown there. */
export function alarmsNowhere(points: readonly MappedPoint[]): MappedPoint[] {
  return points.filter((p) => p.alarm === true && (p.state === 'unmapped' || p.state === 'suggested'));
}
