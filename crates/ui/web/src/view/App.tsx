// The whole page.

import { createEffect, createSignal, Match, on, onCleanup, onMount, Show, Switch, type JSX } from 'solid-js';
import { createCity } from '../live/city.ts';
import { createOrganisations } from '../live/organisations.ts';
import { createOutbox } from '../live/outbox.ts';
import { createPicture } from '../live/picture.ts';
import { createSources } from '../live/sources.ts';
import { AlarmVoice, NowhereBanner } from './Alarms.tsx';
import { CalibrationPanel } from './Calibration.tsx';
import { CompletenessPanel } from './Completeness.tsx';
import { OwnerLine } from './Contact.tsx';
import { OldPictureBanner } from './Connection.tsx';
import { Detail } from './Detail.tsx';
import { FindPanel } from './Find.tsx';
import { Findings } from './Findings.tsx';
import { Help } from './Help.tsx';
import { Icon } from './Icon.tsx';
import { IdentitiesPanel } from './Identities.tsx';
import { Imports } from './Imports.tsx';
import { Key } from './Key.tsx';
import { onKey } from './keys.ts';
import { LinksPanel } from './Links.tsx';
import { Login } from './Login.tsx';
import { MapKey } from './MapKey.tsx';
import { MapStage, prefetchMap } from './MapStage.tsx';
import { Patterns } from './Patterns.tsx';
import { PlacePanel } from './Place.tsx';
import { Plan, type PlanControl } from './Plan.tsx';
import { PointsPanel } from './Points.tsx';
import { PrintDoubts, PrintHead, PrintTable } from './PrintSheet.tsx';
import { text } from './prefs.ts';
import { askRoute, askWay, askWayBack } from './askRoute.ts';
import { SourcesPanel } from './Sources.tsx';
import { StoreyColumn } from './StoreyColumn.tsx';
import { QuantitySwitch, TopBar } from './TopBar.tsx';
import { createUi, UiContext, type Ui } from './ui.ts';
import type { CityThing } from '../model/city.ts';

export function App(): JSX.Element {
  const picture = createPicture();
  const outbox = createOutbox(picture);
  const ui = createUi(picture, outbox, createSources(picture), createOrganisations(picture), createCity(picture));
  onMount(() => void picture.begin());
  return (
    <UiContext.Provider value={ui}>
      <Switch fallback={<p class="plan-note">{text().connection.connecting}…</p>}>
        <Match when={picture.session() === null}><Login picture={picture} /></Match>
        <Match when={picture.session()}><Workplace ui={ui} /></Match>
      </Switch>
      <Show when={picture.expired()}><div class="login-again"><Login picture={picture} /></div></Show>
      <div class="sr-only" aria-live="polite">{picture.announcement()}</div>
    </UiContext.Provider>
  );
}

function Workplace(props: { ui: Ui }): JSX.Element {
  const ui = props.ui;
  const [plan, setPlan] = createSignal<PlanControl | undefined>(undefined);
  let aside: HTMLElement | undefined;
  const press = (event: KeyboardEvent) => onKey(event, ui, plan());
  onMount(() => window.addEventListener('keydown', press));
  onCleanup(() => window.removeEventListener('keydown', press));
  // Another panel begins at its beginning.
  createEffect(on(ui.panel, () => aside?.scrollTo(0, 0), { defer: true }));
  const pick = (id: string) => {
    const [from, start] = [ui.pickFrom(), ui.pickTo()];
    ui.setPickFrom(null);
    ui.setPickTo(null);
    if (start !== null) return void askWayBack(ui, start, id);
    if (from === null || from === id) return ui.select(id);
    void askRoute(ui, from, id).then((words) => words && ui.picture.announce(words));
  };
  /** A way from a room, where one was begun; otherwise what is known of it. */
  const pickThing = (thing: CityThing) => {
    const from = ui.pickFrom();
    ui.setPickFrom(null);
    ui.showThing(thing);
    if (from !== null) void askWay(ui, from, thing);
  };
  createEffect(on(() => ui.city.map() !== undefined && ui.currentStorey() !== undefined, (is) => is && prefetchMap()));
  createEffect(on(() => ui.currentStorey()?.id, (id) => id && ui.picture.look(id)));
  // A lost or regained node is said once, not every second.
  createEffect(on(() => ui.picture.connection.state(), (state) => ui.picture.announce(text().connection[state]), { defer: true }));
  return (
    <div class="app" classList={{ old: ui.picture.connection.state() === 'reconnecting', 'with-panel': ui.panel() !== null }}>
      <TopBar />
      <OldPictureBanner />
      <OwnerLine />
      <AlarmVoice />
      <NowhereBanner />
      <PrintHead />
      <div class="work">
        <StoreyColumn />
        <main class="stage">
          <QuantitySwitch />
          <div class="plan-box">
            <Show when={ui.picture.building()} fallback={<NoBuilding ui={ui} />}>
              <Show when={ui.stage() === 'map'} fallback={<Plan control={(c) => setPlan(c)} onPick={pick} />}>
                <MapStage control={(c) => setPlan(c)} onPick={pick} onThing={pickThing} />
              </Show>
            </Show>
            <Show when={ui.pickFrom() ?? ui.pickTo()}><p class="pick-note" role="status">{ui.pickTo() ? text().way.pickRoom : ui.stage() === 'map' ? text().way.pickStreet : text().route.pickTarget}</p></Show>
            <div class="plan-tools">
              <button type="button" class="square zoom" aria-label={text().nav.zoomIn} title={text().nav.zoomIn} onClick={() => plan()?.zoom(1.4)}><Icon name="in" /></button>
              <button type="button" class="square zoom" aria-label={text().nav.zoomOut} title={text().nav.zoomOut} onClick={() => plan()?.zoom(1 / 1.4)}><Icon name="out" /></button>
              <button type="button" class="square" aria-label={text().nav.fit} title={text().nav.fit} onClick={() => plan()?.fit()}><Icon name="fit" /></button>
              <Show when={ui.city.map()}>
                <button type="button" class="square map-toggle" data-stage="map" aria-label={text().map.show} title={`${text().map.show} (G)`} aria-pressed={ui.stage() === 'map'} onClick={() => ui.setStage(ui.stage() === 'map' ? 'plan' : 'map')}><Icon name="map" /></button>
              </Show>
              <button type="button" class="square section-toggle" aria-label={text().nav.section} title={text().nav.section} aria-pressed={ui.section()} onClick={() => ui.setSection(!ui.section())}><Icon name="section" /></button>
              <button type="button" class="square print" aria-label={text().nav.print} title={text().nav.print} onClick={() => window.print()}><Icon name="print" /></button>
            </div>
            <div class="key-box" classList={{ full: ui.key() }}>
              <svg class="defs" width="0" height="0" aria-hidden="true"><Patterns id="key" scale={1} /></svg>
              <div class="keys-shown"><Key quantity={ui.quantity()} full={ui.key()} /><Show when={ui.stage() === 'map' && ui.key()}><MapKey /></Show></div>
              <button type="button" aria-expanded={ui.key()} onClick={() => ui.setKey(!ui.key())}>{ui.key() ? text().nav.close : text().nav.key}</button>
            </div>
          </div>
          <PrintTable />
          <PrintDoubts />
        </main>
        <Show when={ui.panel()}>
          <aside ref={aside} class="panel" aria-label={text().nav.details}>
            <div class="panel-head">
              <h2>{panelTitle(ui)}</h2>
              <button type="button" class="square" aria-label={text().nav.close} onClick={() => ui.setPanel(null)}><Icon name="close" /></button>
            </div>
            <Switch>
              <Match when={ui.panel() === 'details'}><Detail /></Match>
              <Match when={ui.panel() === 'findings'}><Findings /></Match>
              <Match when={ui.panel() === 'imports'}><Imports /></Match>
              <Match when={ui.panel() === 'sources'}><SourcesPanel /></Match>
              <Match when={ui.panel() === 'calibration'}><CalibrationPanel /></Match>
              <Match when={ui.panel() === 'links'}><LinksPanel /></Match>
              <Match when={ui.panel() === 'find'}><FindPanel /></Match>
              <Match when={ui.panel() === 'completeness'}><CompletenessPanel /></Match>
              <Match when={ui.panel() === 'identities'}><IdentitiesPanel /></Match>
              <Match when={ui.panel() === 'points'}><PointsPanel /></Match>
              <Match when={ui.panel() === 'place'}><PlacePanel /></Match>
            </Switch>
          </aside>
        </Show>
      </div>
      <Show when={ui.help()}><Help /></Show>
    </div>
  );
}

function panelTitle(ui: Ui): string {
  const panel = ui.panel();
  return panel === null ? '' : text().nav[panel];
}

function NoBuilding(props: { ui: Ui }): JSX.Element {
  return (
    <Show when={props.ui.picture.buildings()?.length === 0}>
      <div class="plan-note">
        <h2>{text().empty.title}</h2>
        <p>{text().empty.help}</p>
        <button type="button" class="primary" onClick={() => props.ui.setPanel('imports')}>{text().nav.imports}</button>
      </div>
    </Show>
  );
}
