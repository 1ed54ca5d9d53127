// How complete a building is known: which rooms have a door, what was only concluded, and
// how surely one gets out. Counts, not praise: what is missing is named.

import { numberText, percentText } from './words.ts';
import type { Text } from '../text/en.ts';

export interface StoreyCompleteness {
  id: string;
  spaces: number;
  /** Spaces of which a door or opening is known. */
  withDoor: number;
  inferredSpaces: number;
  inferredPortals: number;
  portalsUnknownSide: number;
  /** Whether a stair or lift to another storey is known. */
  linkedUp?: boolean | null;
  /** How probably a room is connected to an exit: the middle room, and the worst. */
  connected?: { p50?: number | null; min?: number | null } | null;
}

export interface Completeness { commit: number; storeys: StoreyCompleteness[] }

/** `18 of 23 rooms known to have a door`, and what else one should know. */
export function completenessLines(s: StoreyCompleteness, text: Text): string[] {
  const t = text.completeness;
  if (s.spaces === 0) return [t.noSpaces];
  const lines = [t.withDoor(s.withDoor, s.spaces)];
  if (s.inferredSpaces > 0) lines.push(t.inferredSpaces(s.inferredSpaces));
  if (s.inferredPortals > 0) lines.push(t.inferredPortals(s.inferredPortals));
  if (s.portalsUnknownSide > 0) lines.push(t.unknownSide(s.portalsUnknownSide));
  if (s.linkedUp === false) lines.push(t.notLinked);
  else if (s.linkedUp !== true) lines.push(t.linkUnknown);
  lines.push(connectedText(s, text));
  return lines;
}

function connectedText({ connected }: StoreyCompleteness, text: Text): string {
  const t = text.completeness;
  const [middle, worst] = [connected?.p50, connected?.min];
  if (typeof middle !== 'number' || typeof worst !== 'number') return t.connectedUnknown;
  return t.connected(percentText(middle, text), percentText(worst, text));
}

/** The share of rooms with a known door, 0–1; `null` where there are no rooms to tell of,
    which is not complete. */
export function doorShare(s: StoreyCompleteness): number | null {
  return s.spaces > 0 ? Math.max(0, Math.min(1, s.withDoor / s.spaces)) : null;
}

/** The whole building in one line. */
export function wholeLine(storeys: readonly StoreyCompleteness[], text: Text): string {
  const sum = (of: (s: StoreyCompleteness) => number) => storeys.reduce((all, s) => all + of(s), 0);
  const spaces = sum((s) => s.spaces);
  return spaces === 0 ? text.completeness.noSpaces : text.completeness.withDoor(sum((s) => s.withDoor), spaces);
}

/** The storeys one should look at first: without rooms, then with the most rooms that have
    no door. */
export function worstFirst(storeys: readonly StoreyCompleteness[]): StoreyCompleteness[] {
  const lacking = (s: StoreyCompleteness) => (s.spaces === 0 ? Infinity : s.spaces - s.withDoor);
  return [...storeys].sort((a, b) => lacking(b) - lacking(a));
}

/** For a bar's tooltip. */
export function shareText(s: StoreyCompleteness, text: Text): string {
  const share = doorShare(s);
  return share === null ? text.look.unknown : `${numberText(100 * share, 0, text)} %`;
}
