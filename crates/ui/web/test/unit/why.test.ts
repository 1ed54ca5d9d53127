import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Claim, Estimate, Twin, Why } from '../../src/model/api.ts';
import { parseNumber } from '../../src/model/claim.ts';
import { doubtsOf } from '../../src/model/doubt.ts';
import { influenceText, type Influence } from '../../src/model/influence.ts';
import { fromTyped, isNow, momentQuery, NOW, toTyped } from '../../src/model/moment.ts';
import { sourceName } from '../../src/model/source.ts';
import { contributions, marksOf } from '../../src/model/why.ts';
import { en } from '../../src/text/en.ts';

const T0 = Date.parse('2026-01-05T08:00:00Z');
const at = (s: number) => new Date(T0 + s * 1000).toISOString();

function claim(id: string, source: string, observed_s: number, recorded_s: number, value: number): Claim {
  return { id, source, value, observed: at(observed_s), recorded: at(recorded_s) };
}
function why(claims: Claim[], weights: [string, string, number][]): Why {
  const contributors = weights.map(([id, source, weight]) => ({ claim: id, source, weight, observed: claims.find((c) => c.id === id)?.observed ?? at(0) }));
  return { estimate: { status: 'observed' }, contributors, claims, spec: null };
}

test('contributions are gathered by who said it, the weightiest first, in any order of claims', () => {
  const claims = [claim('4', 'a', 30, 31, 22), claim('3', 'b', 20, 21, 19), claim('2', 'a', 10, 11, 21)];
  const weights: [string, string, number][] = [['3', 'b', 0.35], ['4', 'a', 0.4], ['2', 'a', 0.25]];
  for (const order of [weights, [...weights].reverse()]) {
    const found = contributions(why(claims, order));
    assert.deepEqual(found.map((c) => [c.source, c.weight, c.readings, c.newest?.value]), [['a', 0.65, 2, 22], ['b', 0.35, 1, 19]]);
  }
});

test('a contribution whose claim was not sent has a weight and no value', () => {
  const found = contributions(why([], [['9', 'a', 1]]));
  assert.deepEqual(found.map((c) => [c.weight, c.newest]), [[1, undefined]]);
});

test('what came late, twice or is old is marked so', () => {
  const marks = (claims: Claim[], stale_s: number | null = null) => marksOf(claims, T0 + 1000_000, stale_s);
  assert.deepEqual(marks([claim('2', 'a', 20, 21, 1), claim('1', 'a', 10, 11, 1)]), [[], []]);
  // Recorded after something that was seen two minutes later.
  assert.deepEqual(marks([claim('1', 'b', 130, 131, 1), claim('2', 'a', 10, 140, 1)]), [[], ['late']]);
  // Seconds of overtaking are no news, nor is what was recorded in one go.
  assert.deepEqual(marks([claim('1', 'b', 130, 131, 1), claim('2', 'a', 120, 140, 1)]), [[], []]);
  assert.deepEqual(marks([claim('1', 'b', 130, 140, 1), claim('2', 'a', 10, 140, 1)]), [[], []]);
  assert.deepEqual(marks([claim('2', 'a', 10, 30, 1), claim('1', 'a', 10, 11, 1)]), [['twice'], []]);
  assert.deepEqual(marks([claim('2', 'a', 10, 30, 2), claim('1', 'a', 10, 11, 1)]), [[], []]);
  assert.deepEqual(marks([claim('2', 'a', 900, 901, 1), claim('1', 'a', 0, 1, 1)], 600), [[], ['aged']]);
});

test('a source is called what a person would call it', () => {
  for (const [id, name] of [['urn:twin:source:t12', 't12'], ['urn:twin:account:j.%20de%20vries', 'j. de vries'], ['urn:twin:account:%zz', '%zz'], ['urn:twin:local:import:1q8F:declared', '1q8F declared'], ['odd', 'odd']] as [string, string][]) {
    assert.equal(sourceName(id), name);
  }
});

test('a place is in doubt when who tells about it now is', () => {
  const twin = (attribute: string, flags: string[]): Twin => ({ id: 'urn:e', kind: 'space', attributes: { [attribute]: { status: 'observed', value: 1, flags } as Estimate, x: { verbatim: [] } } });
  assert.deepEqual(doubtsOf(twin('temperature', ['quarantined', 'faultySource', 'late'])), ['faultySource', 'quarantined']);
  assert.deepEqual(doubtsOf(twin('motion', ['quarantined'])), ['quarantined']);
  assert.deepEqual(doubtsOf(twin('temperature', ['widened', 'stale', 'clockSkew'])), []);
  assert.deepEqual(doubtsOf(twin('name', ['faultySource'])), []);
});

test('a moment is asked for in the node\'s words and typed in the reader\'s', () => {
  assert.equal(momentQuery(NOW), '');
  assert.equal(momentQuery({ at_ms: T0, known_ms: null }), '?at=2026-01-05T08:00:00.000Z');
  assert.equal(momentQuery({ at_ms: T0, known_ms: T0 + 1000 }), '?at=2026-01-05T08:00:00.000Z&knownAt=2026-01-05T08:00:01.000Z');
  assert.equal(isNow(NOW), true);
  assert.equal(isNow({ at_ms: null, known_ms: T0 }), false);
  assert.equal(fromTyped(toTyped(T0)), T0);
  assert.deepEqual([fromTyped(''), fromTyped('tomorrow'), toTyped(null)], [null, null, '']);
});

const scalar = (value: number, half: number, unit = 'Cel'): Estimate => ({ status: 'observed', value, unit, interval: { level: 0.9, lo: value - half, hi: value + half } });
const chance = (value: boolean, probability: number): Estimate => ({ status: 'observed', value, probability });

test('what would change an estimate is told as this instead of that', () => {
  const now = scalar(21.4, 1.9);
  for (const [change, attribute, before, words] of [
    [{ change: 'reading', estimate: scalar(21.4, 0.4) }, 'temperature', now, '±0.4 °C instead of ±1.9 °C'],
    [{ change: 'without', source: 'a', estimate: scalar(19.2, 2.4) }, 'temperature', now, '19.2 ±2.4 °C instead of 21.4 ±1.9 °C'],
    [{ change: 'without', source: 'a', estimate: { status: 'unknown' } }, 'temperature', now, 'unknown instead of 21.4 ±1.9 °C'],
    [{ change: 'without', source: 'a', estimate: chance(true, 0.6) }, 'smoke', chance(true, 0.95), 'undecided (SMOKE 60 %) instead of SMOKE 95 %'],
    [{ change: 'reading', estimate: chance(false, 0.99) }, 'open', chance(false, 0.8), 'closed 99 % instead of closed 80 %'],
    [{ change: 'reading', estimate: scalar(3, 0.5, '1') }, 'occupancy', scalar(3, 2, '1'), '3–4 instead of 1–5'],
    [{ change: 'without', source: 'a', estimate: scalar(1, 1, '1') }, 'occupancy', scalar(3, 2, '1'), '1 (0–2) instead of 3 (1–5)'],
    // What would not be seen is not told.
    [{ change: 'without', source: 'a', estimate: scalar(21.41, 1.91) }, 'temperature', now, ''],
  ] as [Influence, string, Estimate, string][]) {
    assert.equal(influenceText(change, before, attribute, en), words);
  }
});

test('what was thought of a source stands with what it contributes', () => {
  const asked = { ...why([claim('1', 'a', 1, 2, 20)], [['1', 'a', 1]]), sources: [{ source: 'a', weight: 1, quarantined: false, health: { state: 'stuck' as const, doubt: 0.8 } }] };
  assert.deepEqual(contributions(asked).map((c) => [c.health?.state, c.quarantined]), [['stuck', false]]);
});

test('a supposed number is one, with a comma or a point', () => {
  for (const [typed, value] of [['60', 60], ['-3,5', -3.5], [' 21.4 ', 21.4], ['', null], ['1e9', null], ['warm', null], ['--1', null]] as [string, number | null][]) {
    assert.equal(parseNumber(typed), value, `\`${typed}\``);
  }
});
