// Asking for ways: from a room to an exit or another room, and between rooms and the city.

import { Away, enc } from '../live/client.ts';
import type { Route } from '../model/api.ts';
import { routeEnd, type CityThing } from '../model/city.ts';
import { text } from './prefs.ts';
import type { Ui } from './ui.ts';

/** Asks for ways and shows them; answers with words when there is nothing to draw. */
export function askRoute(ui: Ui, from: string, to: string): Promise<string> {
  return askBetween(ui, enc(from), to === 'exit' ? 'exit' : enc(to));
}

/** From a room to a street, an address or a point of the map. */
export async function askWay(ui: Ui, from: string, to: CityThing): Promise<void> {
  const end = routeEnd(to);
  if (end === null) return;
  said(ui, await askBetween(ui, enc(from), enc(end)));
}

/** And back. */
export async function askWayBack(ui: Ui, from: CityThing, to: string): Promise<void> {
  const start = routeEnd(from);
  if (start === null) return;
  ui.select(to);
  said(ui, await askBetween(ui, enc(start), enc(to)));
}

function said(ui: Ui, words: string): void {
  ui.setWayNote(words);
  if (words) ui.picture.announce(words);
}

async function askBetween(ui: Ui, from: string, to: string): Promise<string> {
  ui.setRoutes(null);
  ui.setWayNote('');
  try {
    const found = await ui.picture.client.get<{ routes: Route[] }>(`/v1/routes?from=${from}&to=${to}&unknown=true`);
    if (found.routes.length === 0) return text().route.none;
    ui.setRoutes(found.routes);
    return '';
  } catch (error) {
    return error instanceof Away ? text().route.away : (error as Error).message;
  }
}
