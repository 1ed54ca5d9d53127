import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ageSeconds, ageText, calmAgeText } from '../../src/model/age.ts';
import { accountSource, claimLine, parseCount } from '../../src/model/claim.ts';
import { intervalText, percentText, rangeText, valueText } from '../../src/model/words.ts';
import { en } from '../../src/text/en.ts';
import { nl } from '../../src/text/nl.ts';

test('ages are told in one unit, rounded down', () => {
  for (const [s, words] of [[-5, '0 s'], [0, '0 s'], [12.9, '12 s'], [119, '119 s'], [120, '2 min'], [7199, '119 min'], [7200, '2 h'], [172_799, '47 h'], [172_800, '2 d']] as [number, string][]) {
    assert.equal(ageText(s, en.age), words);
  }
  for (const [s, words] of [[0, '<1 min'], [59, '<1 min'], [60, '1 min'], [119, '1 min'], [120, '2 min'], [7200, '2 u']] as [number, string][]) {
    assert.equal(calmAgeText(s, nl.age), words);
  }
});

test('an unreadable time has no age', () => {
  assert.equal(ageSeconds(undefined, 0), null);
  assert.equal(ageSeconds('yesterday', 0), null);
  assert.equal(ageSeconds('1970-01-01T00:00:01.500000Z', 3500), 2);
  assert.equal(ageSeconds('1970-01-01T00:00:09Z', 0), 0);
});

test('numbers carry their interval', () => {
  assert.equal(intervalText({ level: 0.9, lo: 20.94, hi: 21.86 }, '°C', 1, en), '20.9–21.9 °C (90 %)');
  assert.equal(intervalText({ level: 0.9, lo: 20.94, hi: 21.86 }, '°C', 1, nl), '20,9–21,9 °C (90 %)');
  assert.equal(intervalText(null, '°C', 1, en), '');
  assert.equal(intervalText({ level: 0.9, lo: Number.NaN, hi: 1 }, '', 0, en), '');
  assert.equal(rangeText({ level: 0.9, lo: 12, hi: 30 }, 0, en), '12–30');
  assert.equal(rangeText({ level: 0.9, lo: 3, hi: 3.2 }, 0, en), '3');
});

test('rounding never claims certainty', () => {
  assert.equal(percentText(0.999, en), '>99 %');
  assert.equal(percentText(0.001, en), '<1 %');
  assert.equal(percentText(0.874, en), '87 %');
  assert.equal(percentText(1, en), '100 %');
});

test('values of every form have words', () => {
  const name = (id: string) => `<${id}>`;
  assert.equal(valueText({ entity: 'urn:a' }, '', en, name), '<urn:a>');
  assert.equal(valueText({ entities: ['a', 'b'] }, '', en, name), '<a> – <b>');
  assert.equal(valueText({ polygon: [] }, '', nl), 'omtrek');
  assert.equal(valueText(undefined, '°C', en), 'unknown');
  assert.equal(valueText(true, '', nl), 'ja');
  assert.equal(valueText('outOfService', '', nl), 'buiten bedrijf');
  assert.equal(valueText('0.12', '', nl), '0.12');
  assert.equal(valueText({ odd: [1] }, '', en), '{"odd":[1]}');
});

test('both languages say every thing, and differ where they should', () => {
  const walk = (a: unknown, b: unknown, path: string): void => {
    assert.equal(typeof a, typeof b, path);
    if (typeof a === 'string') return assert.notEqual(b, '', path);
    if (typeof a !== 'object' || a === null) return;
    assert.deepEqual(Object.keys(a).sort(), Object.keys(b as object).sort(), path);
    for (const key of Object.keys(a)) walk((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], `${path}.${key}`);
  };
  walk(en, nl, 'text');
  assert.notEqual(en.look.unknown, nl.look.unknown);
});

test('what a person states is theirs', () => {
  const line = JSON.parse(claimLine('j. de vries', 'urn:twin:b1:portal:3', { attribute: 'passable', value: false }, 'certain', 0)) as Record<string, unknown>;
  assert.deepEqual(line, {
    source: accountSource('j. de vries'), entity: 'urn:twin:b1:portal:3', attribute: 'passable', value: false,
    uncertainty: { probability: 0.98 }, observed: '1970-01-01T00:00:00.000Z', procedure: 'seen by a person',
  });
  const count = JSON.parse(claimLine('a', 'urn:s', { attribute: 'occupancy', value: 20 }, 'fairly', 0)) as Record<string, unknown>;
  assert.deepEqual(count['uncertainty'], { sd: 4 });
});

test('a blank count is not zero', () => {
  for (const [typed, count] of [['', null], [' ', null], ['0', 0], ['12', 12], ['-1', null], ['1.5', null], ['99999', null], ['many', null]] as [string, number | null][]) {
    assert.equal(parseCount(typed), count, `\`${typed}\``);
  }
});
