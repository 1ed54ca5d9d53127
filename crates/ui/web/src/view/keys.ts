// Every action has a key; `?` lists them. Keys do nothing while somebody types.

import type { PlanControl } from './Plan.tsx';
import { prefs } from './prefs.ts';
import { askRoute } from './askRoute.ts';
import type { Ui } from './ui.ts';
import { QUANTITIES } from '../model/quantity.ts';

const PAN_PX = 60;
const ZOOM = 1.3;

export function onKey(event: KeyboardEvent, ui: Ui, plan: PlanControl | undefined): void {
  const target = event.target instanceof Element ? event.target : null;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (target?.matches('input, select, textarea') && event.key !== 'Escape') return;
  const action = ACTIONS[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? quantityAction(event.key);
  if (!action) return;
  event.preventDefault();
  action(ui, plan);
}

type Action = (ui: Ui, plan: PlanControl | undefined) => void;

const ACTIONS: Record<string, Action> = {
  ArrowUp: (ui) => ui.moveStorey(1),
  ArrowDown: (ui) => ui.moveStorey(-1),
  PageUp: (ui) => ui.moveStorey(1),
  PageDown: (ui) => ui.moveStorey(-1),
  w: (_, plan) => plan?.pan(0, PAN_PX),
  s: (_, plan) => plan?.pan(0, -PAN_PX),
  a: (_, plan) => plan?.pan(PAN_PX, 0),
  d: (_, plan) => plan?.pan(-PAN_PX, 0),
  '+': (_, plan) => plan?.zoom(ZOOM),
  '=': (_, plan) => plan?.zoom(ZOOM),
  '-': (_, plan) => plan?.zoom(1 / ZOOM),
  '0': (_, plan) => plan?.fit(),
  ArrowRight: (ui) => step(ui, 'spaces', 1),
  ArrowLeft: (ui) => step(ui, 'spaces', -1),
  n: (ui) => step(ui, 'spaces', 1),
  p: (ui) => step(ui, 'spaces', -1),
  o: (ui) => step(ui, 'portals', 1),
  y: (ui) => ui.setWhy(ui.why() ? null : firstWhy(ui)),
  f: (ui) => ui.setPanel(ui.panel() === 'findings' ? null : 'findings'),
  i: (ui) => ui.setPanel(ui.panel() === 'imports' ? null : 'imports'),
  h: (ui) => ui.setPanel(ui.panel() === 'sources' ? null : 'sources'),
  c: (ui) => ui.setPanel(ui.panel() === 'calibration' ? null : 'calibration'),
  m: (ui) => ui.setPanel(ui.panel() === 'links' ? null : 'links'),
  g: (ui) => ui.city.map() && ui.setStage(ui.stage() === 'map' ? 'plan' : 'map'),
  r: (ui) => {
    const has = [ui.city.hasIdentities() && ('identities' as const), ui.city.hasPoints() && ('points' as const)].filter((p) => p !== false);
    const at = has.findIndex((p) => p === ui.panel());
    if (has.length > 0) ui.setPanel(has[at + 1] ?? null);
  },
  b: (ui) => ui.city.hasCompleteness() && ui.setPanel(ui.panel() === 'completeness' ? null : 'completeness'),
  '/': (ui) => {
    ui.setPanel('find');
    document.querySelector<HTMLInputElement>('input[name=find]')?.focus();
  },
  e: (ui) => {
    const from = ui.selected();
    if (from) void askRoute(ui, from, 'exit').then((words) => ui.picture.announce(words));
  },
  t: () => prefs.setTheme(prefs.theme() === 'light' ? 'night' : 'light'),
  l: () => prefs.setLanguage(prefs.language() === 'en' ? 'nl' : 'en'),
  v: (ui) => ui.setSection(!ui.section()),
  k: (ui) => ui.setKey(!ui.key()),
  '?': (ui) => ui.setHelp(!ui.help()),
  x: () => window.print(),
  Escape: (ui) => escape(ui),
};

function quantityAction(key: string): Action | undefined {
  const q = QUANTITIES[Number(key) - 1];
  return q && ((ui) => ui.setQuantity(q.id));
}

/** Closes what was opened last, one thing at a time. */
function escape(ui: Ui): void {
  if (ui.help()) ui.setHelp(false);
  else if (ui.key()) ui.setKey(false);
  else if (ui.pickFrom()) ui.setPickFrom(null);
  else if (ui.pickTo()) ui.setPickTo(null);
  else if (ui.why()) ui.setWhy(null);
  else if (ui.routes()) ui.setRoutes(null);
  else if (ui.panel()) ui.setPanel(null);
  else ui.select(null);
}

function step(ui: Ui, which: 'spaces' | 'portals', by: number): void {
  const ids = ui.picture.plans[ui.currentStorey()?.id ?? '']?.[which] ?? [];
  const at = ids.indexOf(ui.selected() ?? '');
  const next = ids[(at < 0 ? (by > 0 ? 0 : ids.length - 1) : at + by + ids.length) % Math.max(1, ids.length)];
  if (next) ui.select(next);
}

function firstWhy(ui: Ui): string | null {
  const twin = ui.picture.twins[ui.selected() ?? ''];
  if (!twin) return null;
  return twin.kind === 'portal' ? 'passable' : ui.quantity() === 'open' ? 'smoke' : ui.quantity();
}
