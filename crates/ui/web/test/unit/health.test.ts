import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byDoubt, isDoubtful, maySetAside, toldBias, toldNoise, toldSkew_s, type SourceHealth } from '../../src/model/health.ts';
import { healthFacts, healthText } from '../../src/model/healthWords.ts';
import { en } from '../../src/text/en.ts';
import { nl } from '../../src/text/nl.ts';

function health(source: string, more: Partial<SourceHealth> = {}): SourceHealth {
  return { source, entity: 'urn:e', attribute: 'temperature', state: 'ok', doubt: 0, ...more };
}

test('who is set aside or doubted comes first, in an order that does not wander', () => {
  const list = [health('d'), health('b', { state: 'stuck', doubt: 0.7 }), health('a', { state: 'noisy', doubt: 0.9 }), health('c', { quarantined: true }), health('e', { doubt: 0.2 })];
  for (const order of [list, [...list].reverse()]) {
    assert.deepEqual([...order].sort(byDoubt).map((h) => h.source), ['c', 'a', 'b', 'e', 'd']);
  }
  assert.deepEqual(list.map(isDoubtful), [false, true, true, true, false]);
});

test('only what would be seen is told of a source', () => {
  assert.deepEqual([0.04, 0.1, -1.4, Number.NaN].map((bias) => toldBias(health('a', { bias }), 1)), [null, 0.1, -1.4, null]);
  assert.deepEqual([1, 1.4, 3, Infinity].map((noiseRatio) => toldNoise(health('a', { noiseRatio }))), [null, null, 3, null]);
  assert.deepEqual([1, -40, null].map((skew_s) => toldSkew_s(health('a', { skew_s }))), [null, -40, null]);
});

test('a source is told with what it suffers from, and by how much', () => {
  const stuck = health('a', { state: 'stuck', since: '1970-01-01T00:00:00Z', doubt: 0.874, bias: -1.43, unit: 'Cel', noiseRatio: 3.24, skew_s: 41, readings: 7 });
  assert.equal(healthText(stuck, 840_000, en), 'stuck, for 14 min');
  assert.deepEqual(healthFacts(stuck, en), ['doubt 87 %', 'reads 1.4 °C too low', 'scatters 3.2 × what it states', 'its clock is 41 s ahead', '7 readings']);
  assert.deepEqual(healthFacts({ ...stuck, bias: 1.43, skew_s: -180, readings: 1 }, nl), ['twijfel 87 %', 'meet 1,4 °C te hoog', 'spreidt 3,2 × wat hij opgeeft', 'zijn klok loopt 3 min achter', '1 meting']);
});

test('a source that does well has nothing held against it', () => {
  const well = health('a', { doubt: 0.02, bias: 0.01, unit: 'Cel', noiseRatio: 1.1, skew_s: 0.3 });
  assert.equal(healthText(well, 0, en), 'well');
  assert.deepEqual(healthFacts(well, en), []);
});

test('who may set a source aside', () => {
  assert.deepEqual(['owner', 'steward', 'responder', 'viewer', 'source', undefined].map(maySetAside), [true, true, false, false, false, false]);
});
