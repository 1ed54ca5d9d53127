import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byContact, fromText, isNarrow, isSilent, mayFound, mayManagePeers, memberStanding, outOfContact, owed, owedText, standingOf, standingsOf, standingText, type Contact, type Member } from '../../src/model/members.ts';
import { organisationOf, sourceName } from '../../src/model/source.ts';
import { badge } from '../../src/model/storey.ts';
import { contributions } from '../../src/model/why.ts';
import { en } from '../../src/text/en.ts';
import { nl } from '../../src/text/nl.ts';

/** As a reader in Greenwich sees it. */
const clock = (time: string) => time.slice(11, 16);
const CUT: Contact = { connected: false, since: null, lastHeard: '2026-01-05T14:32:05Z', commonUntil: '2026-01-05T14:31:40Z' };
const LIVE: Contact = { connected: true, since: '2026-01-05T09:00:00Z', lastHeard: '2026-01-05T14:39:58Z', commonUntil: '2026-01-05T14:39:50Z' };
const NOW_MS = Date.parse('2026-01-05T14:40:00Z');

function member(name: string, contact: Contact | null, more: Partial<Member> = {}): Member {
  return { name, title: `The ${name}`, id: `id of ${name}`, fingerprint: '', isPeer: true, contact, ...more };
}

test('who is out of contact is told since when, with the last common state', () => {
  const cut = standingOf('brigade', [member('brigade', CUT)], true);
  assert.equal(cut.state, 'outOfContact');
  assert.equal(standingText(cut, clock, en), 'out of contact since 14:32; last common state 14:31');
  assert.equal(standingText(cut, clock, nl), 'buiten contact sinds 14:32; laatste gedeelde stand 14:31');
  assert.equal(fromText(cut, '8 min', clock, en), 'from brigade, 8 min old, out of contact since 14:32; last common state 14:31');
});

test('whoever is in contact is only named', () => {
  const live = standingOf('brigade', [member('brigade', LIVE)], true);
  assert.equal(fromText(live, '4 s', clock, en), 'from brigade, 4 s old');
  assert.equal(fromText(live, null, clock, nl), 'van brigade');
  assert.equal(standingText(live, clock, en), 'in contact since 09:00');
});

test('contact that was not asked just now is not told as contact', () => {
  assert.equal(memberStanding(member('brigade', LIVE), false).state, 'unknown');
  assert.equal(fromText(memberStanding(member('brigade', LIVE), false), null, clock, en), 'from brigade, contact not known');
  assert.equal(memberStanding(member('brigade', CUT), false).state, 'outOfContact', 'what was cut has not healed by not asking');
  for (const members of [undefined, [], [member('tower', LIVE)]]) assert.equal(standingOf('brigade', members, true).state, 'unknown');
});

test('of two organisations of one name the worse contact is told', () => {
  const both = [member('brigade', LIVE, { id: '1' }), member('brigade', CUT, { id: '2' })];
  for (const order of [both, [...both].reverse()]) assert.equal(standingOf('brigade', order, true).state, 'outOfContact');
});

test('what never was is said, not left out', () => {
  const never = memberStanding(member('brigade', { connected: false, since: null, lastHeard: null, commonUntil: null }), true);
  assert.equal(standingText(never, clock, en), 'never in contact so far; never a common state');
  assert.equal(isSilent(memberStanding(member('brigade', { ...LIVE, lastHeard: '2026-01-05T14:30:00Z' }), true), NOW_MS), true);
  assert.equal(isSilent(memberStanding(member('brigade', LIVE), true), NOW_MS), false);
});

test('what is owed is told by class, life safety first', () => {
  const contact = { ...CUT, classes: [{ class: 'telemetry', oursMissing: 0, theirsMissing: 0 }, { class: 'lifeSafety', oursMissing: 3, theirsMissing: 1 }] };
  assert.deepEqual(owed(contact).map((c) => owedText(c, true, en)), ['life safety: 3 of ours not there, 1 of theirs not here', 'measurements: both have the same']);
  assert.deepEqual(owed(contact).map((c) => owedText(c, false, en)), ['life safety: 3 of ours not there, 1 of theirs not here', 'measurements: nothing known to be missing']);
  assert.deepEqual(owed(null), []);
});

test('a link is narrow from a radio channel down, and only while it is there', () => {
  const busy = { ...LIVE, classes: [{ class: 'bulk', oursMissing: 9, theirsMissing: 0 }] };
  assert.deepEqual([1200, 3600, 3601, null].map((goodput_bytes_per_s) => isNarrow({ ...busy, goodput_bytes_per_s })), [true, true, false, false]);
  assert.equal(isNarrow({ ...busy, connected: false, goodput_bytes_per_s: 1200 }), false);
});

test('a link with nothing to carry has no speed', () => {
  assert.equal(isNarrow({ ...LIVE, goodput_bytes_per_s: 12, classes: [{ class: 'bulk', oursMissing: 0, theirsMissing: 9 }] }), false);
});

test('who is cut off comes first, and only peers are counted', () => {
  const all = [member('c', LIVE), member('b', CUT), member('a', CUT, { isPeer: false }), member('d', CUT, { revoked: true }), member('e', CUT, { retired: true })];
  assert.deepEqual([...all].sort(byContact).map((m) => m.name), ['b', 'c', 'a', 'd', 'e']);
  assert.deepEqual(outOfContact(all).map((m) => m.name), ['b']);
});

test('an estimate names those out of contact first', () => {
  const of = (name: string) => standingOf(name, [member('a', LIVE), member('b', CUT)], true);
  assert.deepEqual(standingsOf({ status: 'fused', from: ['a', 'b'] }, of).map((s) => s.name), ['b', 'a']);
  assert.deepEqual(standingsOf({ status: 'observed' }, of), []);
  assert.deepEqual(standingsOf(undefined, of), []);
});

test('a received source is told by its own name, and whose it is', () => {
  const id = 'urn:twin:from:brigade.0a1b2c3d:urn:twin:source:t12';
  assert.equal(sourceName(id), 't12');
  assert.equal(organisationOf(id), 'brigade');
  for (const own of ['urn:twin:source:t12', 'urn:twin:account:from', 'urn:twin:from:brigade:x']) assert.equal(organisationOf(own), undefined);
  const why = { estimate: { status: 'observed' as const }, claims: [], contributors: [{ claim: '1', source: id, weight: 1 }] };
  assert.equal(contributions(why)[0]?.organisation, 'brigade');
});

test('a storey counts the rooms that somebody out of contact tells of', () => {
  const room = (from: string[]) => ({ id: from.join(), kind: 'space', attributes: { smoke: { status: 'observed' as const, value: false, from } } });
  assert.equal(badge([room(['a']), room(['a', 'b']), room([])], NOW_MS, new Set(), (name) => name === 'b').away, 1);
});

test('roles', () => {
  const roles = ['owner', 'steward', 'responder', 'viewer', undefined];
  assert.deepEqual(roles.map(mayManagePeers), [true, true, false, false, false]);
  assert.deepEqual(roles.map(mayFound), [true, false, false, false, false]);
});
