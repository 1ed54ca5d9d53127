import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STATUSES, type Estimate, type Status, type Value } from '../../src/model/api.ts';
import { LOOKS, MARKS, shown } from '../../src/model/estimate.ts';
import { QUANTITIES, type Quantity } from '../../src/model/quantity.ts';
import { areaLabel, spokenEstimate } from '../../src/model/words.ts';
import { en } from '../../src/text/en.ts';
import { nl } from '../../src/text/nl.ts';

const NOW = Date.parse('2026-01-05T08:00:00Z');
const before = (s: number) => new Date(NOW - s * 1000).toISOString();
const VALUELESS: readonly Status[] = ['unknown', 'absent', 'withheld', 'notApplicable'];

function safeValue(q: Quantity): Value {
  return { number: 20, count: 0, boolean: false, probability: true }[q.form];
}

/** Deliberately carries value and interval whatever the status: the page must not trust it. */
function estimate(status: Status, q: Quantity, age_s = 10): Estimate {
  return { status, value: safeValue(q), probability: 0.99, interval: { level: 0.9, lo: 0, hi: 1 }, evidenceTime: before(age_s), sources: 1 };
}

test('every status has the look the design gives it', () => {
  const expected: Record<Status, string> = {
    observed: 'observed', fused: 'observed', inferred: 'inferred', predicted: 'predicted', assumed: 'assumed', stale: 'old',
    conflicting: 'conflicting', unknown: 'unknown', absent: 'absent', withheld: 'withheld', notApplicable: 'notApplicable',
  };
  for (const q of QUANTITIES) {
    for (const status of STATUSES) {
      assert.equal(shown(estimate(status, q), NOW, q.staleAfter_s, q).look, expected[status], `${q.id} ${status}`);
    }
  }
});

test('what is not known or not told has no value, no colour, no age, no alarm and no digit, even if the wire carries one', () => {
  for (const text of [en, nl]) {
    for (const q of QUANTITIES) {
      for (const status of VALUELESS) {
        const e = estimate(status, q);
        const s = shown(e, NOW, q.staleAfter_s, q);
        assert.deepEqual([s.value, s.step, s.age_s, s.interval, s.alarm], [undefined, null, null, null, false], `${q.id} ${status}`);
        const label = areaLabel(q, s, text, e.alternatives);
        const words = `${label.value} ${label.age} ${spokenEstimate('', e, s, q.unit, q.decimals, text)}`;
        assert.doesNotMatch(words, /\d/, `${q.id} ${status}`);
        assert.notEqual(label.value.trim(), '', 'never blank');
      }
    }
  }
});

test('no estimate, no value and a word from a newer node all look unknown', () => {
  const q = QUANTITIES[0] as Quantity;
  for (const e of [undefined, { status: 'observed' }, { status: 'observed', value: null }, { status: 'divined', value: 20 }] as (Estimate | undefined)[]) {
    assert.equal(shown(e, NOW, q.staleAfter_s, q).look, 'unknown');
  }
});

test('only what is observed now is drawn without a mark', () => {
  for (const q of QUANTITIES) {
    for (const status of STATUSES) {
      const s = shown(estimate(status, q), NOW, q.staleAfter_s, q);
      const label = areaLabel(q, s, en);
      const plain = s.look === 'observed';
      assert.equal(s.mark === '', plain, status);
      assert.equal(label.value.startsWith(s.mark), true);
      if (!plain) assert.notEqual(label.value, areaLabel(q, shown(estimate('observed', q), NOW, null, q), en).value, `${q.id} ${status}`);
    }
  }
});

test('every mark is different', () => {
  assert.equal(new Set(LOOKS.map((look) => MARKS[look])).size, LOOKS.length);
});

test('a shown value never stands without its age', () => {
  for (const q of QUANTITIES) {
    for (const status of STATUSES) {
      for (const age of [0, 10, 90_000]) {
        const s = shown(estimate(status, q, age), NOW, q.staleAfter_s, q);
        if (s.value !== undefined) assert.notEqual(areaLabel(q, s, en).age, '', `${q.id} ${status}`);
      }
    }
    const ageless = shown({ status: 'observed', value: safeValue(q) }, NOW, q.staleAfter_s, q);
    assert.equal(areaLabel(q, ageless, en).age, en.ageUnknown);
  }
});

test('the page itself lets evidence grow old while the node is away', () => {
  for (const q of QUANTITIES) {
    if (q.staleAfter_s === null) continue;
    const e = estimate('observed', q, q.staleAfter_s - 1);
    assert.equal(shown(e, NOW, q.staleAfter_s, q).look, 'observed', q.id);
    assert.equal(shown(e, NOW + 2000, q.staleAfter_s, q).look, 'old', q.id);
  }
});

test('what was only inferred never comes to look observed, however old', () => {
  for (const q of QUANTITIES) {
    for (const [status, age_s, mark] of [['inferred', 1, '≈'], ['inferred', 90_000, '≈◷'], ['stale', 90_000, '≈◷']] as [Status, number, string][]) {
      const s = shown({ ...estimate(status, q, age_s), basis: 'inferred' }, NOW, q.staleAfter_s, q);
      assert.equal(s.look, 'inferred', `${q.id} ${status}`);
      if (q.staleAfter_s !== null || status === 'stale') assert.equal(s.mark, mark, `${q.id} ${status}`);
    }
  }
});

test('the colour step depends on the value alone', () => {
  for (const q of QUANTITIES) {
    const steps = STATUSES.map((status) => shown(estimate(status, q), NOW, null, q).step).filter((step) => step !== null);
    assert.equal(new Set(steps).size, 1, q.id);
  }
});

test('an alarm needs a value that alarms', () => {
  const temperature = QUANTITIES.find((q) => q.id === 'temperature') as Quantity;
  const smoke = QUANTITIES.find((q) => q.id === 'smoke') as Quantity;
  for (const [q, value, probability, alarm] of [
    [temperature, 21, null, false], [temperature, 62, null, true], [smoke, true, 0.9, true], [smoke, false, 0.9, false], [smoke, false, 0.4, true],
  ] as [Quantity, Value, number | null, boolean][]) {
    assert.equal(shown({ status: 'observed', value, probability, evidenceTime: before(1) }, NOW, null, q).alarm, alarm, `${q.id} ${String(value)}`);
  }
});

test('sources in conflict stand side by side', () => {
  const q = QUANTITIES[0] as Quantity;
  const e: Estimate = { status: 'conflicting', value: 24, evidenceTime: before(5), alternatives: [{ value: 19.2, probability: 0.6 }, { value: 28.8, probability: 0.4 }] };
  assert.equal(areaLabel(q, shown(e, NOW, 1800, q), en, e.alternatives).value, '≠ 19.2 | 28.8 °C');
});

test('who is in doubt is said aloud with the estimate', () => {
  const q = QUANTITIES[0] as Quantity;
  for (const flag of ['faultySource', 'quarantined']) {
    const e: Estimate = { ...estimate('observed', q), flags: [flag] };
    assert.equal(spokenEstimate('', e, shown(e, NOW, null, q), '', 0, en).endsWith(en.flag[flag] as string), true);
  }
});

test('a yes or no that is nearly even is called neither, and clear takes more than smoke', () => {
  const smoke = QUANTITIES.find((q) => q.id === 'smoke') as Quantity;
  for (const [value, probability, words] of [[false, 0.99, 'clear'], [false, 0.95, 'clear'], [false, 0.94, 'undecided'], [false, 0.6, 'undecided'], [true, 0.51, 'undecided'], [true, 0.7, 'SMOKE'], [false, null, 'clear']] as [boolean, number | null, string][]) {
    const s = shown({ status: 'observed', value, probability, evidenceTime: before(1) }, NOW, null, smoke);
    assert.equal(areaLabel(smoke, s, en).value, words);
    assert.match(spokenEstimate('', undefined, s, '', 0, en, 'smoke'), words === 'clear' ? /no/ : words === 'SMOKE' ? /yes/ : /undecided/);
  }
});
