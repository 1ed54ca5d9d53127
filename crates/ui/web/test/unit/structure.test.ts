import assert from 'node:assert/strict';
import { test } from 'node:test';
import { middle, narrow, sample } from '../../src/live/clock.ts';
import type { Estimate, Section, Twin } from '../../src/model/api.ts';
import { boxOf, contains, doorShape, fit, labelSpot, lineOf, pathOf, ringsOf, zoomAt, type Box, type Point } from '../../src/model/geometry.ts';
import { routeLines } from '../../src/model/route.ts';
import { sectionLayout } from '../../src/model/section.ts';
import { badge, badgeFromCounts, entranceStorey } from '../../src/model/storey.ts';

const NOW = Date.parse('2026-01-05T08:00:00Z');
const L_SHAPE = [[[0, 0], [10, 0], [10, 2], [2, 2], [2, 10], [0, 10]]];

test('the plan is drawn with north up', () => {
  assert.equal(pathOf([[[0, 0], [1, 0], [1, 2.00049]]]), 'M0 0L1 0L1 -2Z');
});

test('a building is shown first where it is entered', () => {
  const storey = (id: string, spaces: number, height?: number) =>
    ({ id, spaces, elevation: { status: 'observed', value: height } as Estimate });
  const first = (...storeys: ReturnType<typeof storey>[]) => entranceStorey(storeys)?.id;
  assert.equal(first(storey('cellar', 9, -3), storey('ground', 9, 0.1), storey('upper', 9, 3)), 'ground');
  assert.equal(first(storey('foundation', 1, -1), storey('upper', 9, 6)), 'upper');
  assert.equal(first(storey('one', 4), storey('two', 4)), 'one');
  assert.equal(first(storey('whole', 1, 0)), 'whole');
  assert.equal(first(), undefined);
});

test('a label lies inside its room, also in an L and beside a hole', () => {
  const holed = [[[0, 0], [10, 0], [10, 10], [0, 10]], [[2, 2], [8, 2], [8, 8], [2, 8]]];
  for (const rings of [L_SHAPE, holed]) {
    const spot = labelSpot(rings);
    assert.equal(spot !== null && contains(rings, spot.at) && spot.width > 0 && spot.height > 0, true);
  }
});

test('broken shapes are no shapes', () => {
  for (const value of [null, 3, 'polygon', { polygon: 3 }, { polygon: [] }, { polygon: [[[0, 0]]] }, { polygon: [[[0, 0], [1, 'x'], [1, 1]]] }, { polygon: [[[0, 0], [1, Number.NaN], [1, 1]]] }]) {
    assert.equal(ringsOf(value), null);
  }
  assert.equal(lineOf({ line: [[0, 0]] }), null);
  assert.equal(labelSpot([[[0, 0], [0, 0], [0, 0]]]), null);
});

test('a door knows its width and turn', () => {
  const door = doorShape(lineOf({ line: [[1, 1], [1, 2]] }) as [Point, Point]);
  assert.deepEqual([door.width, door.angle_deg, door.middle], [1, -90, [1, -1.5]]);
});

test('zooming keeps the point under the finger', () => {
  let view = fit(boxOf([[0, 0], [20, 10]]) as Box, 800, 600, 40);
  const at = (px: number) => (px - view.x) / view.scale;
  const was = at(300);
  for (const factor of [1.5, 3, 0.2, 1000, 1e-9]) {
    view = zoomAt(view, factor, 300, 200);
    assert.equal(Math.abs(at(300) - was) < 1e-6, true);
    assert.equal(view.scale > 0 && Number.isFinite(view.scale), true);
  }
});

const section: Section = {
  storeys: ['g', '1', '2', '3'],
  risers: [{
    id: 'r', usage: 'stair',
    stops: ['g', '1', '2'].map((storey) => ({ storey, space: `s${storey}`, status: 'observed' })),
    links: [{ from: 'sg', to: 's1', probability: 0.5 }],
  }],
  unlinked: [['2', '3']],
};

test('a missing link between two stops is unknown; beyond the ends there is none', () => {
  const layout = sectionLayout(section);
  assert.deepEqual(layout.storeys, ['3', '2', '1', 'g']);
  assert.deepEqual(layout.columns[0]?.joins, ['none', 'unknown', 'doubtful']);
  assert.deepEqual(layout.unlinked, [true, false, false]);
});

function space(id: string, attributes: Record<string, Partial<Estimate>>): Twin {
  return { id, kind: 'space', attributes: attributes as Twin['attributes'] };
}
const fresh = new Date(NOW - 1000).toISOString();

test('a badge counts what is unknown, old, inferred, alarming or in doubt', () => {
  const spaces = [
    space('a', {}),
    space('b', { temperature: { status: 'observed', value: 20, evidenceTime: fresh } }),
    space('c', { temperature: { status: 'stale', value: 20, evidenceTime: fresh } }),
    space('d', { smoke: { status: 'observed', value: true, probability: 0.9, evidenceTime: fresh } }),
    space('e', { temperature: { status: 'withheld' } }),
    space('f', { smoke: { status: 'observed', value: false, probability: 0.99, evidenceTime: fresh }, temperature: { status: 'observed', value: 70, evidenceTime: fresh } }),
    space('g', { temperature: { status: 'inferred', value: 20, evidenceTime: fresh } }),
    space('h', { temperature: { status: 'observed', value: 20, evidenceTime: fresh }, humidity: { status: 'observed', value: 50, evidenceTime: fresh, flags: ['faultySource'] } }),
  ];
  assert.deepEqual(badge(spaces, NOW), { total: 8, unknown: 2, old: 1, inferred: 1, alarm: 2, doubtful: 1, away: 0 });
  assert.equal(badge(spaces, NOW, new Set(['a', 'h'])).doubtful, 2);
});

test('without counts a whole storey is unknown, not empty', () => {
  assert.equal(badgeFromCounts(12, undefined).unknown, 12);
  assert.equal(badgeFromCounts(12, {}, 3).alarm, 3);
  assert.equal(badgeFromCounts(12, { observed: 10, withheld: 2 }).unknown, 2);
  assert.equal(badgeFromCounts(12, { inferred: 4, unknown: 8 }).inferred, 4);
});

test('a route breaks where it leaves the storey', () => {
  const place = (id: string): Point | null => (id.startsWith('x') ? null : [Number(id), 0]);
  const route = { length_m: 1, steps: ['1', '2', 'x', '3', '4'].map((space) => ({ space })) };
  assert.deepEqual(routeLines(route, place), [[[1, 0], [2, 0]], [[3, 0], [4, 0]]]);
});

// From a stair flight straight to the next storey: nothing was drawn here, and whether a
// browser test saw it hung on which room came first.
test('a route that only touches the storey is still drawn', () => {
  const route = { length_m: 1, steps: ['1', 'x'].map((space) => ({ space })) };
  const lines = routeLines(route, (id) => (id === '1' ? [1, 0] : null));
  assert.deepEqual(lines, [[[1, 0], [1, 0]]]);
});

test('the clock offset narrows with every answer and starts afresh when a clock is set', () => {
  const date = (ms: number) => new Date(ms).toUTCString();
  let offset = narrow(null, sample(date(100_000), 90_900, 91_000) ?? { lo_ms: 0, hi_ms: 0 });
  assert.deepEqual(offset, { lo_ms: 9000, hi_ms: 10_100 });
  offset = narrow(offset, { lo_ms: 9500, hi_ms: 10_400 });
  assert.deepEqual(offset, { lo_ms: 9500, hi_ms: 10_100 });
  assert.equal(middle(offset), 9800);
  assert.deepEqual(narrow(offset, { lo_ms: -100, hi_ms: 900 }), { lo_ms: -100, hi_ms: 900 });
  assert.equal(sample('soon', 0, 0), null);
  assert.equal(middle(null), 0);
});
