import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Route, Twin } from '../../src/model/api.ts';
import { canBeReached, creditsOf, listed, placeOnEarth, routeEnd, type CityThing } from '../../src/model/city.ts';
import { completenessLines, doorShare, wholeLine, worstFirst, type StoreyCompleteness } from '../../src/model/completeness.ts';
import { boundsOf, degreesText, placeOf, planToPixels, scaleAndTurn, toEarth, type LonLat, type Place } from '../../src/model/earth.ts';
import { comparedRows, identityQuery, mayDecide, probabilityText, verdict, type IdentityPair } from '../../src/model/identity.ts';
import { alarmsNowhere, canConfirm, decide, lastText, mappingText, placeMeant, pointsQuery, sureEnough, type MappedPoint } from '../../src/model/points.ts';
import { fitBounds, planeAround, tileOnScreen, tilesInSight } from '../../src/model/mercator.ts';
import { anchorsOf, courseOf, outdoors_m, routeOnEarth, toldSteps } from '../../src/model/route.ts';
import { conflictCount, conflictsFirst, saidBy, sureness, type Same } from '../../src/model/same.ts';
import { en } from '../../src/text/en.ts';
import { nl } from '../../src/text/nl.ts';

const near = (a: number, b: number, slack: number) => assert.equal(Math.abs(a - b) <= slack, true, `${a} is not ${b}`);

// The chord between two places by their positions from the centre of the earth: another
// way round than the radii of curvature that the page uses.
function chord_m(a: LonLat, b: LonLat): number {
  const at = ([lon, lat]: LonLat) => {
    const [l, p, f] = [(lon * Math.PI) / 180, (lat * Math.PI) / 180, 1 / 298.257_223_563];
    const e2 = f * (2 - f);
    const n = 6_378_137 / Math.sqrt(1 - e2 * Math.sin(p) ** 2);
    return [n * Math.cos(p) * Math.cos(l), n * Math.cos(p) * Math.sin(l), n * (1 - e2) * Math.sin(p)] as const;
  };
  const [p, q] = [at(a), at(b)];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

test('a plan lies on earth where its place says', () => {
  for (const latitude_deg of [-40, 0, 47.14, 52.01, 78]) {
    const place: Place = { latitude_deg, longitude_deg: 9.52, rotation_deg: 90 };
    const origin: LonLat = [9.52, latitude_deg];
    assert.deepEqual(toEarth(place, [0, 0]), origin);
    // Turned a quarter clockwise: what the plan calls up lies east.
    const up = toEarth(place, [0, 300]);
    near(up[1], latitude_deg, 1e-6);
    assert.equal(up[0] > 9.52, true);
    for (const [x, y] of [[300, 0], [0, 300], [-200, 400]] as const) near(chord_m(origin, toEarth(place, [x, y])), Math.hypot(x, y), 0.01);
  }
});

test('what is no place is drawn nowhere, not at zero', () => {
  for (const value of [null, undefined, {}, { latitude_deg: 52, longitude_deg: 4 }, { latitude_deg: Number.NaN, longitude_deg: 4, rotation_deg: 0 }, { latitude_deg: 91, longitude_deg: 4, rotation_deg: 0 }]) {
    assert.equal(placeOf(value), null);
  }
  assert.equal(placeOf({ latitude_deg: 0, longitude_deg: 0, rotation_deg: 0 })?.latitude_deg, 0);
});

test('the plan is turned and scaled as the map is', () => {
  const place: Place = { latitude_deg: 0, longitude_deg: 0, rotation_deg: 30 };
  const pixelsPerDegree = 1_000_000;
  const matrix = planToPixels(place, ([lon, lat]) => [lon * pixelsPerDegree, -lat * pixelsPerDegree]);
  const { scale, turn_deg } = scaleAndTurn(matrix);
  near(scale, pixelsPerDegree / 111_000, 0.1);
  near(turn_deg, 30, 0.5);
});

test('bounds and degrees in words', () => {
  assert.deepEqual(boundsOf([[4, 52], [5, 51]]), { west: 4, south: 51, east: 5, north: 52 });
  assert.equal(boundsOf([]), null);
  assert.equal(degreesText([4.3567, -52.01234], nl.locale), '52,01234° S 4,35670° E');
});

test('every source is credited once, and silence about a licence is told', () => {
  const osm = { name: 'delft.pbf', licence: 'ODbL 1.0', attribution: '© OpenStreetMap contributors' };
  assert.deepEqual(creditsOf([osm, { ...osm, name: 'hague.pbf' }, { name: 'tower.ifc' }, { name: 'b.json', attribution: '© the city' }], en.map.licenceUnknown), [
    '© OpenStreetMap contributors (ODbL 1.0)', 'tower.ifc (licence not stated)', '© the city',
  ]);
});

test('houses do not crowd streets out of the list', () => {
  const house = (i: number): CityThing => ({ kind: 'building', id: `b${i}`, name: i < 2 ? `House ${1 - i}` : null, at: null });
  const things = listed([...Array(400).keys()].map(house).concat([{ kind: 'street', id: 's', name: 'Oude Delft', at: null }]));
  assert.deepEqual([things.length, things[0]?.name, things.at(-1)?.kind], [301, 'House 0', 'street']);
});

test('a tapped point says more than a whole street', () => {
  const street: CityThing = { kind: 'street', id: 'urn:s:1', name: 'Oude Delft', at: null };
  assert.equal(routeEnd(street), 'urn:s:1');
  assert.equal(routeEnd({ ...street, at: [4.35, 52.01] }), '52.0100000,4.3500000');
  assert.equal(routeEnd({ kind: 'building', id: 'urn:b:1', name: null, at: null }), null);
  assert.deepEqual([street, { kind: 'area', id: 'urn:a:1', name: null, at: null } as CityThing].map(canBeReached), [true, false]);
});

test('without graphics the map lies where the other lies', () => {
  const plane = planeAround([4.3571, 52.0116]);
  const there: LonLat = [4.362, 52.009];
  const [lon, lat] = plane.toEarth(plane.toPlane(there));
  near(lon, there[0], 1e-9);
  near(lat, there[1], 1e-9);
  // A unit is a metre: held against the chord, which knows nothing of Mercator.
  const [x, y] = plane.toPlane(there);
  near(Math.hypot(x, y), chord_m([4.3571, 52.0116], there), 2);
  const view = fitBounds(plane, { west: 4.352, south: 52.008, east: 4.362, north: 52.015 }, 800, 600, 40, 12);
  const ids = tilesInSight(plane, view, 800, 600, 17);
  assert.equal(ids.length > 1 && ids.length <= 40, true);
  // The tile that holds the place is among them, and the place lies where the tile says.
  const id = ids.find((t) => t.x === Math.floor(((there[0] + 180) / 360) * 2 ** t.z) && t.y === Math.floor(((1 - Math.log(Math.tan(Math.PI / 4 + (there[1] * Math.PI) / 360)) / Math.PI) / 2) * 2 ** t.z));
  assert.notEqual(id, undefined);
  const on = tileOnScreen(plane, view, id as never, 4096);
  const unit = (((there[0] + 180) / 360) * 2 ** (id?.z ?? 0) - (id?.x ?? 0)) * 4096;
  near(on.x + unit * on.scale, x * view.scale + view.x, 0.01);
});

const ROUTE: Route = {
  length_m: 100,
  steps: [
    { space: 'r1', portal: 'd1', length_m: 5, probability: 0.9 },
    { space: 'hall', portal: 'exit', length_m: 15, probability: 0.9 },
    { exit: 'exit', street: 's1', length_m: 4, probability: 0.8, reason: 'near' },
    { street: 's1', streetName: 'Oude Delft', length_m: 30, course: [[4.1, 52], [4.2, 52]] },
    { street: 's2', streetName: 'Oude Delft', length_m: 20, course: [[4.2, 52], [4.3, 52]] },
    { street: 's3', streetName: null, length_m: 30, course: [[4.3, 52], [4.3, 53]] },
  ],
};

test('a way is drawn from the room through the door along the street', () => {
  const places: Record<string, LonLat> = { r1: [4, 52], d1: [4.01, 52], hall: [4.02, 52], exit: [4.03, 52] };
  const whole = routeOnEarth(ROUTE, (id) => places[id] ?? null);
  assert.equal(whole.length, 1);
  assert.deepEqual([whole[0]?.[0], whole[0]?.at(-1)], [[4, 52], [4.3, 53]]);
  // Where a place is not known the line breaks, rather than to run through a guess.
  const broken = routeOnEarth(ROUTE, (id) => (id === 'd1' ? null : (places[id] ?? null)));
  assert.deepEqual(broken[0]?.[0], [4.02, 52]);
  assert.deepEqual(routeOnEarth(ROUTE, () => null).map((line) => line[0]), [[4.1, 52]]);
  assert.equal(courseOf({ street: 's', course: [[4, 52], [Number.NaN, 52]] }), null);
});

test('a street is told once, however many junctions it has', () => {
  const told = toldSteps(ROUTE.steps);
  assert.deepEqual(told.map((s) => [s.street ?? s.space, s.length_m]), [['r1', 5], ['hall', 15], ['s1', 4], ['s1', 50], ['s3', 30]]);
  assert.deepEqual(anchorsOf(ROUTE).map((s) => [s.exit, s.probability]), [['exit', 0.8]]);
  assert.equal(toldSteps([{ street: 'a', streetName: 'X', length_m: 5 }, { street: 'b', streetName: 'X', length_m: null }])[0]?.length_m, null, 'a length that is not known is not zero');
  assert.equal(outdoors_m(ROUTE), 84);
  assert.equal(outdoors_m({ length_m: 1, steps: [{ street: 's', length_m: null }] }), null);
});

const STOREY: StoreyCompleteness = {
  id: 's1', rooms: 23, roomsStated: 22, roomsWithKnownPortal: 18, roomsWithInferredPortal: 3, portalsStated: 30, portalsInferred: 0, portalsOneSideUnknown: 2, doorsStated: 20, doorsWithoutWidth: 0, doorsWithoutRating: 7, exits: 0, linksStated: 0, linksInferred: 0,
  connected: { median: 0.97, least: 0.4, leastIfClosed: 0 },
};

test('completeness is told in counts, and what is not known as not known', () => {
  assert.deepEqual(completenessLines(STOREY, false, en), [
    '18 of 23 rooms known to have a door', '1 room only concluded from walls', '2 doors lead nobody knows where', '7 of 20 doors without a known fire rating', 'no stair or lift to another storey is known',
    'leads out without lifts: the middle room 97 %, the worst 40 %, 0 % if all that nobody knows is shut',
  ]);
  const silent: StoreyCompleteness = { ...STOREY, linksInferred: 2, exits: 1, connected: null };
  assert.deepEqual(completenessLines(silent, false, nl).slice(4), ['een weg naar een andere bouwlaag alleen afgeleid', '1 uitgang bekend', 'hoe zeker de ruimten naar buiten leiden, is onbekend']);
  assert.equal(completenessLines(STOREY, true, en).includes('no stair or lift to another storey is known'), false, 'a building of one storey lacks no stair');
});

test('a storey without rooms is not complete', () => {
  const empty = { ...STOREY, id: 's0', rooms: 0, roomsWithKnownPortal: 0 };
  assert.equal(doorShare(empty), null);
  assert.deepEqual(completenessLines(empty, false, en), ['No rooms are known.']);
  assert.deepEqual(worstFirst([{ ...STOREY, id: 's2', roomsWithKnownPortal: 23 }, STOREY, empty]).map((s) => s.id), ['s0', 's1', 's2']);
  assert.equal(wholeLine([STOREY, empty], en), '18 of 23 rooms known to have a door; no exit is known');
  assert.equal(wholeLine([empty], en), 'No rooms are known.');
});

test('something stands where it says, else in the middle of what is drawn of it', () => {
  const told = (attributes: Record<string, unknown>): Twin => ({ id: 'x', kind: 'building', attributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, { status: 'observed', value }])) as Twin['attributes'] });
  assert.deepEqual(placeOnEarth(told({ sitePosition: { latitude_deg: 52, longitude_deg: 4 }, outline: { polygon: [[[0, 0], [1, 0], [1, 1]]] } })), [4, 52]);
  assert.deepEqual(placeOnEarth(told({ outline: { polygon: [[[4, 52], [6, 52], [6, 53]]] } })), [5, 52.5]);
  assert.deepEqual(placeOnEarth(told({ course: { line: [[4, 52], [5, 52], [6, 53]] } })), [5, 52]);
  assert.deepEqual([told({}), told({ sitePosition: { latitude_deg: '52' } }), undefined].map(placeOnEarth), [null, null, null]);
});

const SAME: Same = {
  commit: 1,
  twins: [{ id: 'a', name: 'Tower', probability: 1 }, { id: 'b', probability: 0.83 }],
  attributes: [
    { name: 'address', values: [{ id: 'b', estimate: { status: 'observed', value: 'Oude Delft 12' } }], agree: true },
    { name: 'storeysAboveGround', values: [{ id: 'a', estimate: { status: 'observed', value: 44, probability: 0.9 } }, { id: 'b', estimate: { status: 'unknown' } }], agree: false },
  ],
};

test('contradictions come first, each says its own, and silence is no agreement', () => {
  const [first, second] = conflictsFirst(SAME.attributes);
  assert.deepEqual([first?.name, second?.name, conflictCount(SAME), conflictCount(undefined)], ['storeysAboveGround', 'address', 1, 0]);
  assert.deepEqual(saidBy(SAME.attributes[0] as never, 'a', en), { words: 'says nothing', isSilent: true });
  assert.deepEqual(saidBy(SAME.attributes[1] as never, 'a', en), { words: '44 90 %', isSilent: false });
  assert.deepEqual(saidBy(SAME.attributes[1] as never, 'b', en), { words: 'unknown', isSilent: true });
  assert.equal(sureness({ id: 'c' }, en), 'how surely the same is unknown');
});

const PAIR: IdentityPair = { identity: 'i', one: { id: 'urn:twin:x:building:1', name: 'Office', kind: 'building', address: 'Oude Delft 12' }, other: { id: 'urn:y', name: 'OFFICE ', kind: 'building' }, probability: 0.83, state: 'open' };

test('two things are compared without making silence a difference', () => {
  assert.deepEqual(comparedRows(PAIR, en), [
    { label: 'Name', one: 'Office', other: 'OFFICE ', differ: false },
    { label: 'Address', one: 'Oude Delft 12', other: 'unknown', differ: false },
    { label: 'Kind', one: 'building', other: 'building', differ: false },
  ]);
  assert.equal(comparedRows({ ...PAIR, other: { ...PAIR.other, name: 'Tower' } }, nl)[0]?.differ, true);
  assert.equal(probabilityText({ ...PAIR, probability: null }, en), 'nobody said how probable');
});

test('a person confirms without claiming certainty, and disputes by null', () => {
  assert.deepEqual(JSON.parse(verdict(PAIR, true, 'seen')), { one: 'urn:twin:x:building:1', other: 'urn:y', probability: 0.99, reason: 'seen' });
  assert.equal(JSON.parse(verdict(PAIR, false, 'seen')).probability, null);
  assert.equal(identityQuery('open', 'a b', 50), '/v1/identities?state=open&limit=50&after=a+b');
  assert.deepEqual(['owner', 'steward', 'responder', 'viewer', undefined].map(mayDecide), [true, true, false, false, false]);
});

const POINT: MappedPoint = { id: 'urn:twin:sensor:1', point: 'bms/2/214/temp', observes: { id: 'urn:twin:b:space:214', name: 'Room 2.14' }, attribute: 'temperature', unit: '°C', probability: 0.93, state: 'suggested', last: { value: 21.5, unit: 'Cel' } };

test('a suggestion is confirmed together with others only when it is whole and sure', () => {
  const others: MappedPoint[] = [{ ...POINT, id: '2', probability: 0.4 }, { ...POINT, id: '3', observes: null }, { ...POINT, id: '4', attribute: null }, { ...POINT, id: '5', state: 'confirmed' }, { ...POINT, id: '6', probability: null }];
  assert.deepEqual(sureEnough([POINT, ...others], 0.9).map((p) => p.id), ['urn:twin:sensor:1']);
  assert.deepEqual(others.map(canConfirm), [true, false, false, true, true]);
  assert.deepEqual(decide({ id: '7', point: 'x', state: 'unmapped' }, 'ignored'), { id: '7', observes: null, attribute: null, unit: null, state: 'ignored' });
  assert.equal(pointsQuery('unmapped', '', 100), '/v1/points?state=unmapped&limit=100');
});

test('what a point is taken for, and what is missing of it, is told', () => {
  assert.equal(mappingText(POINT, en), 'Room 2.14 · Temperature · °C');
  assert.equal(mappingText({ ...POINT, observes: null, attribute: null, unit: null }, nl), 'plaats onbekend · grootheid onbekend');
  assert.equal(lastText({ ...POINT, last: null }, en), 'never said anything');
  assert.equal(lastText({ ...POINT, last: null, withheld: true }, en), 'what it said is withheld from you');
  assert.deepEqual([0, false, 'x'].map((value) => lastText({ ...POINT, last: { value } }, en)), ['0', 'false', 'x']);
  assert.equal(lastText(POINT, en), '21.5 Cel');
});

test('a place that two rooms share is nobody\u2019s guess', () => {
  const places = [{ id: 'urn:a', name: '2.14', storey: 'Second floor' }, { id: 'urn:b', name: '2.14', storey: 'Annex' }, { id: 'urn:c', name: 'Hall', storey: '' }];
  const meant = ['2.14', '2.14 · annex', ' hall ', 'urn:twin:x', '', 'Attic'].map((written) => placeMeant(written, places));
  assert.deepEqual(meant, [null, 'urn:b', 'urn:c', 'urn:twin:x', null, null]);
});

test('an alarm that nobody can place is an alarm', () => {
  const point = (id: string, more: Partial<MappedPoint>): MappedPoint => ({ id, point: id, state: 'unmapped', alarm: true, ...more });
  const points = [point('a', {}), point('b', { state: 'suggested' }), point('c', { alarm: false }), point('d', { state: 'confirmed' }), point('e', { state: 'ignored' })];
  assert.deepEqual(alarmsNowhere(points).map((p) => p.id), ['a', 'b']);
});
