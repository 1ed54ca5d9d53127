// What the map needs from whatever draws its ground, with a graphics card or without.

import type { CityThing } from '../../model/city.ts';
import type { Bounds, LonLat } from '../../model/earth.ts';
import type { Colours } from './mapStyle.ts';

export interface On { move: () => void; tap: (thing: CityThing) => void; idle: () => void; problem: (words: string) => void }

/** Draws the ground into a box, under a title, around a place. */
export type Ground = (container: HTMLElement, title: string, colours: Colours, around: LonLat, on: On) => Base;

export interface Base {
  /** Where what lies above the ground is put. */
  container: HTMLElement;
  /** Pixels from its corner. */
  project: (at: LonLat) => readonly [number, number];
  zoomBy: (factor: number) => void;
  panBy: (dx: number, dy: number) => void;
  fit: (bounds: Bounds) => void;
  /** The same map in other colours, or with something else chosen. */
  restyle: (colours: Colours, chosen: string | null) => void;
  /** At once, because whoever prints does not wait for the next frame. */
  redraw: () => void;
  size: () => readonly [number, number];
  /** The tiles say something else now. */
  reload: () => void;
  resize: () => void;
  /** Named things on screen, each once, buildings first. */
  inView: () => CityThing[];
  remove: () => void;
}
