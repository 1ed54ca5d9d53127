// What the person is looking at: storey, selection, quantity, open panel, route. Gone with
// the page.

import { createContext, createSignal, useContext } from 'solid-js';
import type { City } from '../live/city.ts';
import type { Organisations } from '../live/organisations.ts';
import type { Outbox } from '../live/outbox.ts';
import type { Picture } from '../live/picture.ts';
import type { Sources } from '../live/sources.ts';
import { estimateOf, joinedBy, type Route } from '../model/api.ts';
import type { CityThing } from '../model/city.ts';
import type { LonLat } from '../model/earth.ts';
import { QUANTITIES, type QuantityId } from '../model/quantity.ts';
import { entranceStorey } from '../model/storey.ts';
import { text } from './prefs.ts';

export type Panel = 'details' | 'findings' | 'imports' | 'sources' | 'calibration' | 'links' | 'find' | 'completeness' | 'identities' | 'points' | 'place' | null;

/** What fills the middle of the page. */
export type Stage = 'plan' | 'map';

export function createUi(picture: Picture, outbox: Outbox, sources: Sources, organisations: Organisations, city: City) {
  const [storey, setStorey] = createSignal<string | undefined>(undefined);
  const [selected, setSelected] = createSignal<string | null>(null);
  const [quantity, setQuantity] = createSignal<QuantityId>('temperature');
  const [panel, setPanel] = createSignal<Panel>(null);
  const [help, setHelp] = createSignal(false);
  const [key, setKey] = createSignal(false);
  const [section, setSection] = createSignal(true);
  const [routes, setRoutes] = createSignal<Route[] | null>(null);
  const [pickFrom, setPickFrom] = createSignal<string | null>(null);
  const [pickTo, setPickTo] = createSignal<CityThing | null>(null);
  const [wayNote, setWayNote] = createSignal('');
  const [stage, setStage] = createSignal<Stage>('plan');
  const [thing, setThing] = createSignal<CityThing | null>(null);
  const [lookedFor, lookFor] = createSignal<LonLat | null>(null, { equals: false });
  const [inView, setInView] = createSignal<CityThing[]>([]);
  const [sought, setSought] = createSignal('');
  const [why, setWhy] = createSignal<string | null>(null);

  /** Storeys from the top down, as a building stands. */
  const storeys = () => [...(picture.building()?.storeys ?? [])].reverse();
  const currentStorey = () => {
    const all = picture.building()?.storeys ?? [];
    return all.find((s) => s.id === storey()) ?? entranceStorey(all);
  };
  /** What a person calls it: a door by the rooms it joins, because `146678` on a door list
      helps nobody who stands in front of it. */
  const nameOf = (id: string): string => {
    const twin = picture.twins[id];
    const spaces = twin?.kind === 'portal' ? joinedBy(twin) : [];
    if (spaces.length === 0) return picture.nameOf(id);
    const kind = estimateOf(twin, 'portalKind')?.value;
    const word = text().usage[typeof kind === 'string' ? kind : 'door'] ?? text().detail.portal;
    const sides = spaces.map(picture.nameOf);
    return `${word} ${(sides.length === 1 ? [...sides, text().route.outside] : sides).join(' – ')}`;
  };
  const select = (id: string | null) => {
    setSelected(id);
    setWhy(null);
    if (id === null) return;
    setPanel('details');
    picture.announce(nameOf(id));
  };

  return {
    picture, outbox, sources, organisations, city, nameOf, storeys, currentStorey, setStorey, selected, select, quantity, setQuantity, panel, setPanel,
    help, setHelp, key, setKey, section, setSection, routes, setRoutes, pickFrom, setPickFrom, sought, setSought, why, setWhy,
    pickTo, setPickTo, wayNote, setWayNote, stage, setStage, thing, setThing, lookedFor, lookFor, inView, setInView,
    /** Shows something of the city, which has no place in a plan. */
    showThing(what: CityThing) {
      setThing(what);
      setPanel('place');
      picture.announce(what.name ?? text().map.kind[what.kind] ?? '');
    },
    /** Up is positive. */
    moveStorey(by: number) {
      const all = storeys();
      const at = all.findIndex((s) => s.id === currentStorey()?.id);
      const next = all[Math.max(0, Math.min(all.length - 1, at - by))];
      if (next) setStorey(next.id);
    },
    /** Shows a twin wherever it is, and one attribute of it with what stands behind it. */
    jump(id: string, attribute?: string) {
      const home = picture.storeyOf(id);
      if (home) setStorey(home);
      select(id);
      if (attribute === undefined) return;
      setWhy(attribute);
      const shown = QUANTITIES.find((q) => q.id === attribute);
      if (shown) setQuantity(shown.id);
    },
  };
}

export type Ui = ReturnType<typeof createUi>;

export const UiContext = createContext<Ui>();

export function useUi(): Ui {
  return useContext(UiContext) as Ui;
}
