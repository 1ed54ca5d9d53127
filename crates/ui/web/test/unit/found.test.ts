import assert from 'node:assert/strict';
import { test } from 'node:test';
import { distanceText, findQuery, foundName, foundStanding, identityTexts, toldBy, type Found } from '../../src/model/found.ts';
import type { Standing } from '../../src/model/members.ts';
import { en } from '../../src/text/en.ts';
import { nl } from '../../src/text/nl.ts';

const TOWER: Found = { id: 'urn:twin:b1:tower', kind: 'building', name: 'Tower', identities: [{ id: 'urn:x:8', probability: 0.6 }, { id: 'urn:x:9', probability: 0.92 }] };

test('a search without words or place asks nothing', () => {
  assert.equal(findQuery('  ', null), null);
  assert.equal(findQuery(' Station St & co ', null), 'text=Station+St+%26+co');
  assert.equal(findQuery('', { latitude_deg: 52.1, longitude_deg: 4.3, radius_m: 2000 }), 'near=52.1%2C4.3%2C2000');
});

test('twins held to be the same are told with how sure that is, the surest first', () => {
  const other: Found = { id: 'urn:x:9', kind: 'building', name: 'Torengebouw' };
  assert.deepEqual(identityTexts(TOWER, [TOWER, other], en), ['same as Torengebouw, 92 %', 'same as x 8, 60 %']);
  assert.deepEqual(identityTexts(other, [], nl), []);
});

test('distances and names', () => {
  assert.deepEqual([120.4, 999, 1540, null, undefined].map((m) => distanceText(m, en)), ['120 m away', '999 m away', '1.5 km away', '', '']);
  assert.equal(distanceText(1540, nl), 'op 1,5 km');
  assert.equal(foundName({ id: 'urn:twin:b1:space:3', name: null }), 'space 3');
});

test('whom to ask, and how one stands with them', () => {
  assert.deepEqual(toldBy({ ...TOWER, from: ['tower', { name: 'brigade', id: '1', connected: false }] }), ['tower', 'brigade']);
  const unlisted: Standing = { name: 'brigade', title: 'brigade', state: 'unknown', since: null, lastHeard: null, commonUntil: null };
  const from = { name: 'brigade', id: '1', connected: false, lastHeard: '2026-01-05T14:32:05Z' };
  assert.equal(foundStanding(from, unlisted).state, 'outOfContact');
  assert.equal(foundStanding({ ...from, connected: true }, unlisted).state, 'unknown', 'an answer does not stay fresh by itself');
  assert.equal(foundStanding(from, { ...unlisted, state: 'inContact' }).state, 'inContact');
});
