import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byHold, byVerdict, pitBars, verdictText, type ClassScore, type Verdict } from '../../src/model/calibration.ts';
import { en } from '../../src/text/en.ts';
import { nl } from '../../src/text/nl.ts';

function score(verdict: Verdict, more: Partial<ClassScore> = {}): ClassScore {
  return { attribute: 'temperature', n: 500, coverage90: 0.84, widening: 1, verdict, ...more };
}

test('a class says in one sentence what it holds', () => {
  for (const [s, words] of [
    [score('tooSure', { widening: 1.3 }), 'Says 90 %, holds 84 %: too sure, so given 1.3 × wider.'],
    [score('tooSure'), 'Says 90 %, holds 84 %: too sure.'],
    [score('calibrated', { coverage90: 0.9 }), 'Says 90 %, holds 90 %: as sure as it says.'],
    [score('tooUnsure', { coverage90: 0.995 }), 'Says 90 %, holds >99 %: wider than need be.'],
    [score('calibrated', { coverage90: null }), 'as sure as it says.'],
    [score('tooFew', { n: 12 }), 'Checked only 12 times: too few to tell.'],
    [score('tooFew', { n: 1 }), 'Checked only once: too few to tell.'],
    [score('tooFew', { n: 0 }), 'Not checked yet.'],
  ] as [ClassScore, string][]) {
    assert.equal(verdictText(s, en), words);
  }
  assert.equal(verdictText(score('tooSure', { widening: 1.3 }), nl), 'Zegt 90 %, klopt 84 %: te zeker, daarom 1,3 × ruimer gegeven.');
});

test('too few checks never read as a share', () => {
  assert.doesNotMatch(verdictText(score('tooFew', { n: 3, coverage90: 1 }), en), /%/);
});

test('what is too sure comes first', () => {
  const order = (['tooFew', 'calibrated', 'tooSure', 'tooUnsure'] as Verdict[]).map((v) => score(v)).sort(byVerdict);
  assert.deepEqual(order.map((s) => s.verdict), ['tooSure', 'tooUnsure', 'calibrated', 'tooFew']);
});

test('bars beyond what chance allows are told apart', () => {
  const even = pitBars(Array.from({ length: 20 }, () => 50));
  assert.equal(even?.odd, 0);
  const horns = pitBars([100, ...Array.from({ length: 18 }, () => 44), 108]);
  assert.deepEqual(horns?.bars.map((b, i) => (b.isOdd ? i : -1)).filter((i) => i >= 0), [0, 19]);
  assert.equal(horns !== null && horns.lo < horns.even && horns.even < horns.hi && horns.hi < 1, true);
  assert.equal(horns?.bars[19]?.height, 1);
});

test('without counts there is no histogram, not an even one', () => {
  for (const counts of [null, undefined, [], [0, 0], [1, Number.NaN], [1, -1]]) assert.equal(pitBars(counts), null);
});

test('sources against which estimates hold least come first', () => {
  const of = (source: string, coverage90: number | null, foreseen: number | null = null) => ({ source, attribute: 'a', n: 10, coverage90, foreseen });
  assert.deepEqual([of('d', null), of('b', 0.9), of('a', 0.4), of('c', null, 0.95)].sort(byHold).map((s) => s.source), ['a', 'b', 'c', 'd']);
});
