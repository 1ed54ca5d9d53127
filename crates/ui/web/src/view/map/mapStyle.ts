// How the map looks: calm, so that what is known about people and smoke stands out. Its
// colours are the theme's. What is not known of a street is drawn as not known.

import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl';

export const SOURCE = 'city';
/** Tiles are whole from here on; closer in they are enlarged. */
export const TILE_ZOOM_MAX = 17;

export interface Colours { land: string; green: string; water: string; street: string; kerb: string; path: string; building: string; wall: string; inside: string; ink: string; halo: string; focus: string }

export function coloursOf(root: Element): Colours {
  const style = getComputedStyle(root);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    land: of('map-land'), green: of('map-green'), water: of('map-water'), street: of('map-street'), kerb: of('map-kerb'), path: of('map-path'),
    building: of('map-building'), wall: of('map-wall'), inside: of('map-inside'), ink: of('ink'), halo: of('map-land'), focus: of('focus'),
  };
}

/** Paper is white, whatever the theme was. */
export const PAPER: Colours = {
  land: '#ffffff', green: '#eeeeee', water: '#d5d5d5', street: '#ffffff', kerb: '#777777', path: '#999999', building: '#dddddd', wall: '#333333', inside: '#bbbbbb', ink: '#000000', halo: '#ffffff', focus: '#000000',
};

type Expression = ExpressionSpecification;

/** Words of OpenStreetMap. */
export const WATER = ['water', 'river', 'stream', 'canal', 'lake', 'pond', 'basin', 'reservoir', 'riverbank', 'dock', 'harbour'];
const isWater: Expression = ['in', ['get', 'landUse'], ['literal', WATER]];
const isArea: Expression = ['==', ['geometry-type'], 'Polygon'];
export const GREEN = ['park', 'grass', 'forest', 'wood', 'meadow', 'garden', 'farmland', 'recreation_ground', 'village_green', 'cemetery', 'scrub', 'orchard', 'pitch', 'nature_reserve'];
const isGreen: Expression = ['in', ['get', 'landUse'], ['literal', GREEN]];
const isKnown = (name: string): Expression => ['has', name];
const isWalkable: Expression = ['in', ['get', 'walkable'], ['literal', [true, 1]]];

/** Pixels at zoom 13, 16 and 19. */
const widths = (a: number, b: number, c: number): Expression => ['interpolate', ['exponential', 1.5], ['zoom'], 13, a, 16, b, 19, c];
export const WIDE = ['motorway', 'trunk', 'primary', 'secondary', 'tertiary'];
export const NARROW = ['footway', 'path', 'steps', 'cycleway', 'pedestrian', 'track', 'corridor', 'bridleway'];
const byKind = (wide: number, usual: number, narrow: number): Expression => ['match', ['get', 'kind'], WIDE, wide, NARROW, narrow, usual];
const streetWidth: Expression = ['interpolate', ['exponential', 1.5], ['zoom'], 12, byKind(1.6, 0.8, 0.4), 16, byKind(9, 6, 2.5), 19, byKind(34, 26, 8)];
const kerbWidth: Expression = ['interpolate', ['exponential', 1.5], ['zoom'], 12, byKind(2.4, 1.4, 0.6), 16, byKind(11, 8, 3.5), 19, byKind(37, 29, 10)];

/** `chosen` is drawn with the colour of focus. */
export function mapStyle(origin: string, c: Colours, chosen: string | null): StyleSpecification {
  return {
    version: 8,
    // Colours change at once: paper does not wait, and nobody needs to see them fade.
    transition: { duration: 0, delay: 0 },
    sources: { [SOURCE]: { type: 'vector', tiles: [`${origin}/v1/tiles/{z}/{x}/{y}.mvt`], minzoom: 0, maxzoom: TILE_ZOOM_MAX } },
    layers: [{ id: 'land', type: 'background', paint: { 'background-color': c.land } }, ...areas(c), ...streets(c), ...buildings(c), ...focus(c, chosen ?? ''), ...names(c)],
  };
}

const of = (layer: string) => ({ source: SOURCE, 'source-layer': layer }) as const;

function areas(c: Colours): LayerSpecification[] {
  return [
    { id: 'green', type: 'fill', ...of('areas'), filter: ['all', isArea, isGreen, ['!', isWater]], paint: { 'fill-color': c.green } },
    { id: 'water', type: 'fill', ...of('areas'), filter: ['all', isArea, isWater], paint: { 'fill-color': c.water } },
    { id: 'streams', type: 'line', ...of('areas'), filter: ['all', ['!', isArea], isWater], layout: { 'line-join': 'round' }, paint: { 'line-color': c.water, 'line-width': widths(1, 3, 8) } },
  ];
}

/** Streets for people on foot are solid, those that nobody said anything of are broken, and
    those that are none for them are thin lines. */
function streets(c: Colours): LayerSpecification[] {
  const round = { 'line-cap': 'round', 'line-join': 'round' } as const;
  const isUnknown: Expression = ['!', isKnown('walkable')];
  return [
    { id: 'kerbs', type: 'line', ...of('streets'), layout: round, paint: { 'line-color': c.kerb, 'line-width': kerbWidth } },
    { id: 'streets', type: 'line', ...of('streets'), filter: isWalkable, layout: round, paint: { 'line-color': c.street, 'line-width': streetWidth } },
    { id: 'streets-unknown', type: 'line', ...of('streets'), filter: isUnknown, layout: { 'line-join': 'round' }, paint: { 'line-color': c.street, 'line-width': streetWidth, 'line-dasharray': [2, 1.2] } },
    { id: 'streets-barred', type: 'line', ...of('streets'), filter: ['all', isKnown('walkable'), ['!', isWalkable]], layout: round, paint: { 'line-color': c.path, 'line-width': widths(0.6, 2, 6) } },
  ];
}

function buildings(c: Colours): LayerSpecification[] {
  const hasInside: Expression = ['in', ['get', 'inside'], ['literal', [1, true]]];
  return [
    // Two layers with a colour each: one colour by property would have to be worked out anew
    // in the background, and paper does not wait for that.
    { id: 'buildings', type: 'fill', ...of('buildings'), paint: { 'fill-color': c.building } },
    { id: 'buildings-inside', type: 'fill', ...of('buildings'), filter: hasInside, paint: { 'fill-color': c.inside } },
    { id: 'walls', type: 'line', ...of('buildings'), minzoom: 14, paint: { 'line-color': c.wall, 'line-width': ['case', hasInside, 2.5, 1] } },
    { id: 'entrances', type: 'circle', ...of('entrances'), minzoom: 16, paint: { 'circle-radius': widths(2, 4, 7), 'circle-color': c.land, 'circle-stroke-color': c.ink, 'circle-stroke-width': 2 } },
  ];
}

function focus(c: Colours, chosen: string): LayerSpecification[] {
  const filter: Expression = ['==', ['get', 'id'], chosen];
  return [
    { id: 'chosen-building', type: 'line', ...of('buildings'), filter, paint: { 'line-color': c.focus, 'line-width': 4 } },
    { id: 'chosen-street', type: 'line', ...of('streets'), filter, layout: { 'line-cap': 'round' }, paint: { 'line-color': c.focus, 'line-width': 5, 'line-opacity': 0.8 } },
  ];
}

/** Letters are drawn with the fonts of the device: the style names no server of them. */
function names(c: Colours): LayerSpecification[] {
  const words = { 'text-font': ['system-ui', 'sans-serif'], 'text-field': ['coalesce', ['get', 'name'], ''] as Expression };
  const paint = { 'text-color': c.ink, 'text-halo-color': c.halo, 'text-halo-width': 1.6 };
  return [
    { id: 'street-names', type: 'symbol', ...of('streets'), minzoom: 15, filter: isKnown('name'), layout: { ...words, 'symbol-placement': 'line', 'text-size': 12, 'text-max-angle': 35 }, paint },
    { id: 'area-names', type: 'symbol', ...of('areas'), minzoom: 14, filter: isKnown('name'), layout: { ...words, 'text-size': 12, 'text-max-width': 8 }, paint },
    { id: 'building-names', type: 'symbol', ...of('buildings'), minzoom: 15, filter: isKnown('name'), layout: { ...words, 'text-size': 13, 'text-max-width': 8 }, paint },
  ];
}
