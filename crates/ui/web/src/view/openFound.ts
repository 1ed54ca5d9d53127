// From something that was found to its place on a plan, if there is one here.

import { enc } from '../live/client.ts';
import { estimateOf, type Twin } from '../model/api.ts';
import { toldBy, type Found } from '../model/found.ts';
import { placeOnEarth } from '../model/city.ts';
import type { LonLat } from '../model/earth.ts';
import { askWay } from './askRoute.ts';
import type { Ui } from './ui.ts';

/** A room is part of a storey, a storey of a building; deeper than this nothing is nested. */
const DEPTH_MAX = 4;

/** Shows a twin where it is, on its plan or on the map; `false` where neither is here. */
export async function openFound(ui: Ui, found: Found): Promise<boolean> {
  return (await openPlan(ui, found)) || openMap(ui, found);
}

/** Streets, addresses and houses without a plan. */
async function openMap(ui: Ui, found: Found): Promise<boolean> {
  const kind = ON_MAP.find((k) => k === found.kind);
  // Of what only others announced it is first told whom to ask.
  const isForeign = found.kind === 'building' && toldBy(found).length > 0 && ui.pickFrom() === null;
  if (kind === undefined || !ui.city.map() || isForeign) return false;
  const at = await whereOnEarth(ui, found);
  if (at === null) return false;
  const thing = { kind, id: found.id, name: found.name || found.address || null, at };
  ui.setStage('map');
  ui.lookFor(at);
  const from = ui.pickFrom();
  ui.setPickFrom(null);
  ui.showThing(thing);
  if (from !== null) void askWay(ui, from, thing);
  return true;
}

async function whereOnEarth(ui: Ui, found: Found): Promise<LonLat | null> {
  if (found.place) return [found.place.longitude_deg, found.place.latitude_deg];
  return placeOnEarth(await ui.picture.client.get<Twin>(`/v1/entities/${enc(found.id)}`).catch(() => undefined));
}

const ON_MAP = ['street', 'building', 'area', 'portal'] as const;

async function openPlan(ui: Ui, found: Found): Promise<boolean> {
  if (ui.pickFrom() !== null && found.kind !== 'space') return false;
  if (ui.picture.storeyOf(found.id)) {
    ui.jump(found.id);
    return true;
  }
  const path = await pathUp(ui, found.id);
  const building = path.at(-1);
  if (building === undefined || !hasPlan(ui, building)) return false;
  if (ui.picture.building()?.id !== building) {
    ui.select(null);
    ui.setRoutes(null);
    ui.setStorey(undefined);
    await ui.picture.openBuilding(building).catch(() => undefined);
  }
  if (ui.picture.building()?.id !== building) return false;
  await show(ui, path);
  return true;
}

/** The twin and all that it is part of, up to its building; without one where none is known. */
async function pathUp(ui: Ui, id: string): Promise<string[]> {
  const path = [id];
  for (let i = 0; i < DEPTH_MAX && !isBuilding(ui, path.at(-1) as string); i++) {
    const twin = await ui.picture.client.get<Twin>(`/v1/entities/${enc(path.at(-1) as string)}`).catch(() => undefined);
    const whole = (estimateOf(twin, 'partOf')?.value as { entity?: string } | null | undefined)?.entity;
    if (whole === undefined) return path;
    path.push(whole);
  }
  return path;
}

async function show(ui: Ui, path: string[]): Promise<void> {
  const storey = path.find((id) => ui.picture.building()?.storeys.some((s) => s.id === id));
  const first = path[0] as string;
  if (storey === undefined) {
    ui.setPanel(null);
    return;
  }
  ui.setStorey(storey);
  if (!ui.picture.plans[storey]) await ui.picture.readPlan(storey).catch(() => undefined);
  if (first === storey) ui.setPanel(null);
  else ui.jump(first);
}

function isBuilding(ui: Ui, id: string): boolean {
  return ui.picture.buildings()?.some((b) => b.id === id) === true;
}

/** Of what was only announced the node knows a building without a single space. */
export function hasPlan(ui: Ui, id: string): boolean {
  return ui.picture.buildings()?.some((b) => b.id === id && b.spaces > 0) === true;
}
