// Other organisations, and how one stands with them: in contact, or since when not, and up
// to when both sides have the same. What came from somebody who cannot be reached goes on
// ageing like everything else, and is told with that.

import { ageSeconds } from './age.ts';
import type { Estimate } from './api.ts';
import type { Text } from '../text/en.ts';

export const CLASSES = ['lifeSafety', 'operational', 'telemetry', 'bulk'] as const;

/** What is missing on either side, of one class. */
export interface ClassContact {
  class: string;
  /** Our bundles that the member is not known to have. */
  oursMissing: number;
  oursUntil?: string | null;
  /** Its bundles known to exist that are not here. */
  theirsMissing: number;
  theirsUntil?: string | null;
}

export interface Contact {
  connected: boolean;
  /** Since when it is connected; while it is not, the last word tells since when not. */
  since?: string | null;
  lastHeard?: string | null;
  /** The last common state. */
  commonUntil?: string | null;
  goodput_bytes_per_s?: number | null;
  classes?: ClassContact[];
}

export interface Member {
  name: string;
  title: string;
  id: string;
  fingerprint: string;
  isPeer: boolean;
  admittedBy?: string | null;
  addresses?: string[];
  since?: string;
  /** Its organisation took its key back. */
  revoked?: boolean;
  /** Its organisation has another node now. */
  retired?: boolean;
  /** Since when it has removed us, as far as we have heard. */
  removedUs?: string | null;
  contact?: Contact | null;
}

/** An organisation whose claims take part. */
export interface From { name: string; id: string | null; connected: boolean; lastHeard?: string | null }

export interface Organisation { name: string; title: string; id: string; fingerprint: string; addresses: string[]; since?: string }

export interface Invitation { note: string; made: string; expires: string; usedBy?: string | null }
export interface Invited { code: string; fingerprint: string; expires: string }
/** Who gave a code, before it is used. */
export interface Inviter { fingerprint: string; addresses: string[]; expires: string }
/** What has left within an hour, by rule. */
export interface Disclosure { id: string; hour: string; to: string | null; toName: string | null; class: string; share: number; claims: number }
export interface LinkNotice { id: number; at: string; code: string; message: string }

/** The state of contact as it may be told; `unknown` while this page cannot ask, or where
    nobody of that name is listed. */
export type ContactState = 'inContact' | 'outOfContact' | 'unknown';

/** What is known of the contact with an organisation. */
export interface Standing { name: string; title: string; state: ContactState; since: string | null; lastHeard: string | null; commonUntil: string | null }

/** Longer without a word, with the connection up or not, is worth a look. */
const SILENT_FROM_S = 120;

/** How things stand with the organisation of this name. Of several that share a name the
    worst is told. `isAsked` is whether the node was heard just now. */
export function standingOf(name: string, members: readonly Member[] | undefined, isAsked: boolean): Standing {
  const all = (members ?? []).filter((m) => m.name === name);
  const member = all.find((m) => !m.contact?.connected) ?? all[0];
  return member ? memberStanding(member, isAsked) : { name, title: name, state: 'unknown', since: null, lastHeard: null, commonUntil: null };
}

export function memberStanding(member: Member, isAsked: boolean): Standing {
  const { contact } = member;
  const state = !contact ? 'unknown' : contact.connected ? (isAsked ? 'inContact' : 'unknown') : 'outOfContact';
  return { name: member.name, title: member.title, state, since: contact?.since ?? null, lastHeard: contact?.lastHeard ?? null, commonUntil: contact?.commonUntil ?? null };
}

/** `out of contact since 14:32; last common state 14:31`. `clock` tells a time of the node
    by the reader's clock. */
export function standingText(s: Standing, clock: (time: string) => string, text: Text): string {
  const t = text.links;
  if (s.state === 'unknown') return t.contactUnknown;
  if (s.state === 'inContact') return s.since ? `${t.inContact} ${t.since(clock(s.since))}` : t.inContact;
  const since = s.since ?? s.lastHeard;
  const out = since ? `${t.outOfContact} ${t.since(clock(since))}` : t.neverInContact;
  return `${out}; ${s.commonUntil ? t.common(clock(s.commonUntil)) : t.noCommon}`;
}

/** `from brigade, 4 min old, out of contact since 14:32; last common state 14:31`. */
export function fromText(s: Standing, age: string | null, clock: (time: string) => string, text: Text): string {
  const parts = [text.links.from(s.name), age === null ? '' : text.links.old(age), s.state === 'inContact' ? '' : standingText(s, clock, text)];
  return parts.filter(Boolean).join(', ');
}

/** The organisations whose claims take part in an estimate, those out of contact first. */
export function standingsOf(estimate: Estimate | undefined, of: (name: string) => Standing): Standing[] {
  const rank = (s: Standing) => (s.state === 'outOfContact' ? 0 : s.state === 'unknown' ? 1 : 2);
  return (estimate?.from ?? []).map(of).sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

/** Connected, and yet nothing heard for long. */
export function isSilent(s: Standing, now_ms: number): boolean {
  const age_s = ageSeconds(s.lastHeard, now_ms);
  return s.state === 'inContact' && (age_s === null || age_s > SILENT_FROM_S);
}

/** Peers out of contact first, then the others, by name; who is gone comes last. */
export function byContact(a: Member, b: Member): number {
  const rank = (m: Member) => (isGone(m) ? 4 : 0) + (m.isPeer ? 0 : 2) + (m.contact?.connected ? 1 : 0);
  return rank(a) - rank(b) || a.name.localeCompare(b.name) || a.id.localeCompare(b.id);
}

/** Peers that cannot be reached: what the button at the top counts. */
export function outOfContact(members: readonly Member[] | undefined): Member[] {
  return (members ?? []).filter((m) => m.isPeer && !isGone(m) && m.contact && !m.contact.connected);
}

/** Nothing will come from this node any more. */
export function isGone(member: Member): boolean {
  return member.revoked === true || member.retired === true || typeof member.removedUs === 'string';
}

/** From here down a link is told as narrow: the fastest packet data of a TETRA radio
    channel, 28.8 kbit/s (EN 300 392-2). */
const NARROW_BYTES_PER_S = 3600;

/** How fast a link carries; `null` while it has nothing to carry, because then the rate
    tells of the traffic and not of the link. */
export function speedOf(contact: Contact | null | undefined): number | null {
  const isBusy = contact?.connected === true && (contact.classes ?? []).some((c) => c.oursMissing > 0);
  return isBusy ? (contact.goodput_bytes_per_s ?? null) : null;
}

export function isNarrow(contact: Contact | null | undefined): boolean {
  const speed = speedOf(contact);
  return speed !== null && speed <= NARROW_BYTES_PER_S;
}

/** What is owed, class by class, life safety first. */
export function owed(contact: Contact | null | undefined): ClassContact[] {
  const rank = (c: ClassContact) => (CLASSES as readonly string[]).indexOf(c.class);
  return [...(contact?.classes ?? [])].sort((a, b) => rank(a) - rank(b));
}

/** What is missing on either side of one class. Out of contact nobody knows what the other
    wrote meanwhile. */
export function owedText(c: ClassContact, isInContact: boolean, text: Text): string {
  const t = text.links;
  const parts = [c.oursMissing > 0 ? t.oursMissing(c.oursMissing) : '', c.theirsMissing > 0 ? t.theirsMissing(c.theirsMissing) : ''].filter(Boolean);
  return `${t.class[c.class] ?? c.class}: ${parts.join(', ') || (isInContact ? t.nothingMissing : t.nothingKnownMissing)}`;
}

/** Roles as the node has them: it asks again at every request. */
export function mayManagePeers(role: string | undefined): boolean {
  return role === 'steward' || role === 'owner';
}

export function mayFound(role: string | undefined): boolean {
  return role === 'owner';
}
