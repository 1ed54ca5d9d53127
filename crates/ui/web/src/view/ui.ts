// What the person is looking at: storey, selection, quantity, open panel, route. Gone with
// the page.

import { createContext, createSignal, useContext } from 'solid-js';
import type { Outbox } from '../live/outbox.ts';
import type { Picture } from '../live/picture.ts';
import type { Route } from '../model/api.ts';
import type { QuantityId } from '../model/quantity.ts';

export type Panel = 'details' | 'findings' | 'imports' | null;

export function createUi(picture: Picture, outbox: Outbox) {
  const [storey, setStorey] = createSignal<string | undefined>(undefined);
  const [selected, setSelected] = createSignal<string | null>(null);
  const [quantity, setQuantity] = createSignal<QuantityId>('temperature');
  const [panel, setPanel] = createSignal<Panel>(null);
  const [help, setHelp] = createSignal(false);
  const [key, setKey] = createSignal(false);
  const [section, setSection] = createSignal(true);
  const [routes, setRoutes] = createSignal<Route[] | null>(null);
  const [pickFrom, setPickFrom] = createSignal<string | null>(null);
  const [why, setWhy] = createSignal<string | null>(null);

  /** Storeys from the top down, as a building stands. */
  const storeys = () => [...(picture.building()?.storeys ?? [])].reverse();
  const currentStorey = () => {
    const all = picture.building()?.storeys ?? [];
    return all.find((s) => s.id === storey()) ?? all.find((s) => s.spaces > 0) ?? all[0];
  };
  const select = (id: string | null) => {
    setSelected(id);
    setWhy(null);
    if (id === null) return;
    setPanel('details');
    picture.announce(picture.nameOf(id));
  };

  return {
    picture, outbox, storeys, currentStorey, setStorey, selected, select, quantity, setQuantity, panel, setPanel,
    help, setHelp, key, setKey, section, setSection, routes, setRoutes, pickFrom, setPickFrom, why, setWhy,
    /** Up is positive. */
    moveStorey(by: number) {
      const all = storeys();
      const at = all.findIndex((s) => s.id === currentStorey()?.id);
      const next = all[Math.max(0, Math.min(all.length - 1, at - by))];
      if (next) setStorey(next.id);
    },
    /** Shows a twin wherever it is. */
    jump(id: string) {
      const home = picture.storeyOf(id);
      if (home) setStorey(home);
      select(id);
    },
  };
}

export type Ui = ReturnType<typeof createUi>;

export const UiContext = createContext<Ui>();

export function useUi(): Ui {
  return useContext(UiContext) as Ui;
}
