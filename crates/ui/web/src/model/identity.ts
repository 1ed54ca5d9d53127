// Pairs of twins that may be one and the same thing, for a person to confirm or dispute.

import { percentText } from './words.ts';
import type { Text } from '../text/en.ts';

export const IDENTITY_STATES = ['open', 'confirmed', 'disputed'] as const;
export type IdentityState = (typeof IDENTITY_STATES)[number];

export interface Side { id: string; name?: string | null; address?: string | null; kind?: string | null }

export interface IdentityPair {
  identity: string;
  one: Side;
  other: Side;
  /** That they are the same; `null` where nobody said. */
  probability?: number | null;
  state: IdentityState;
  reason?: string | null;
  sources?: string[];
}

export interface IdentityList { commit: number; identities: IdentityPair[]; next?: string | null }

export function identityQuery(state: IdentityState | 'all', after: string, limit: number): string {
  const query = new URLSearchParams({ state, limit: String(limit) });
  if (after) query.set('after', after);
  return `/v1/identities?${query.toString()}`;
}

/** The roles that may decide what is the same and where sensors stand, as the node has them. */
export function mayDecide(role: string | undefined): boolean {
  return role === 'steward' || role === 'owner';
}

/** What is posted when somebody decides. A person may err too, so a confirmation is not a
    certainty; `null` says that the two are not the same. */
export function verdict(pair: IdentityPair, isSame: boolean, reason: string): string {
  return JSON.stringify({ one: pair.one.id, other: pair.other.id, probability: isSame ? CONFIRMED : null, reason });
}

const CONFIRMED = 0.99;

/** What people call it: most houses have no name but an address. */
export function sideName(side: Pick<Side, 'id' | 'name' | 'address'>): string {
  return side.name || side.address || side.id.split(':').slice(-2).join(' ');
}

/** What both are, side by side, as far as it is known; rows where both are silent are left
    out. */
export function comparedRows(pair: IdentityPair, text: Text): { label: string; one: string; other: string; differ: boolean }[] {
  const t = text.identity;
  const rows: [string, string | null | undefined, string | null | undefined][] = [
    [t.name, pair.one.name, pair.other.name],
    [text.find.address, pair.one.address, pair.other.address],
    [t.kind, kindWord(pair.one.kind, text), kindWord(pair.other.kind, text)],
  ];
  return rows
    .filter(([, a, b]) => !!a || !!b)
    .map(([label, a, b]) => ({ label, one: a || text.look.unknown, other: b || text.look.unknown, differ: !!a && !!b && folded(a) !== folded(b) }));
}

const folded = (s: string) => s.trim().toLowerCase();

function kindWord(kind: string | null | undefined, text: Text): string | null {
  return kind ? (text.find.kind[kind] ?? kind) : null;
}

export function probabilityText(pair: IdentityPair, text: Text): string {
  return typeof pair.probability === 'number' ? text.identity.sameWith(percentText(pair.probability, text)) : text.identity.sameUnknown;
}
