// How complete a building is known: which rooms have a door, what was only concluded, and
// how surely one gets out. Counts, not praise: what is missing is named.

import { percentText } from './words.ts';
import type { Text } from '../text/en.ts';

export interface StoreyCompleteness {
  id: string;
  /** All spaces that people can be in, stated and concluded. */
  rooms: number;
  roomsStated: number;
  /** Rooms of which a door or opening was stated. */
  roomsWithKnownPortal: number;
  roomsWithInferredPortal: number;
  portalsStated: number;
  portalsInferred: number;
  portalsOneSideUnknown: number;
  doorsStated: number;
  doorsWithoutWidth: number;
  doorsWithoutRating: number;
  exits: number;
  /** Ways to other storeys. */
  linksStated: number;
  linksInferred: number;
  /** How probably a room leads out without lifts: the middle room, the worst, and the worst
      if all that nobody knows is shut. */
  connected?: { median: number; least: number; leastIfClosed: number } | null;
}

export interface Completeness { commit: number; storeys: StoreyCompleteness[] }

/** `18 of 23 rooms known to have a door`, and what else one should know. `isOnly` says that
    the building has no other storey to lead to. */
export function completenessLines(s: StoreyCompleteness, isOnly: boolean, text: Text): string[] {
  const t = text.completeness;
  if (s.rooms === 0) return [t.noRooms];
  const some = (n: number, words: (n: number) => string) => (n > 0 ? [words(n)] : []);
  return [
    t.withDoor(s.roomsWithKnownPortal, s.rooms),
    ...some(s.rooms - s.roomsStated, t.inferredRooms),
    ...some(s.portalsInferred, t.inferredPortals),
    ...some(s.portalsOneSideUnknown, t.unknownSide),
    ...some(s.doorsWithoutWidth, (n) => t.withoutWidth(n, s.doorsStated)),
    ...some(s.doorsWithoutRating, (n) => t.withoutRating(n, s.doorsStated)),
    ...(isOnly ? [] : [linkText(s, text)]),
    ...some(s.exits, t.exits),
    connectedText(s, text),
  ];
}

function linkText(s: StoreyCompleteness, text: Text): string {
  if (s.linksStated > 0) return text.completeness.linked(s.linksStated);
  return s.linksInferred > 0 ? text.completeness.linkInferred : text.completeness.notLinked;
}

function connectedText({ connected }: StoreyCompleteness, text: Text): string {
  const t = text.completeness;
  if (!connected) return t.connectedUnknown;
  return t.connected(percentText(connected.median, text), percentText(connected.least, text), percentText(connected.leastIfClosed, text));
}

/** The share of rooms with a known door, 0–1; `null` where there are no rooms to tell of,
    which is not complete. */
export function doorShare(s: StoreyCompleteness): number | null {
  return s.rooms > 0 ? Math.max(0, Math.min(1, s.roomsWithKnownPortal / s.rooms)) : null;
}

/** The whole building in one line. */
export function wholeLine(storeys: readonly StoreyCompleteness[], text: Text): string {
  const sum = (of: (s: StoreyCompleteness) => number) => storeys.reduce((all, s) => all + of(s), 0);
  const rooms = sum((s) => s.rooms);
  if (rooms === 0) return text.completeness.noRooms;
  const exits = sum((s) => s.exits);
  return `${text.completeness.withDoor(sum((s) => s.roomsWithKnownPortal), rooms)}; ${exits > 0 ? text.completeness.exits(exits) : text.completeness.noExit}`;
}

/** The storeys one should look at first: without rooms, then with the most rooms that have
    no door. */
export function worstFirst(storeys: readonly StoreyCompleteness[]): StoreyCompleteness[] {
  const lacking = (s: StoreyCompleteness) => (s.rooms === 0 ? Infinity : s.rooms - s.roomsWithKnownPortal);
  return [...storeys].sort((a, b) => lacking(b) - lacking(a));
}

/** For a bar's tooltip. */
export function shareText(s: StoreyCompleteness, text: Text): string {
  const share = doorShare(s);
  return share === null ? text.look.unknown : percentText(share, text);
}
