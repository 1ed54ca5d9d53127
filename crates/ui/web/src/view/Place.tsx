// Something of the city: a street, a building, an entrance, or a bare point that was
// tapped; what is known of it, and the ways between it and the room selected last.

import { For, Show, type JSX } from 'solid-js';
import { enc } from '../live/client.ts';
import { isVerbatim, type Attribute, type Twin } from '../model/api.ts';
import { canBeReached, type CityThing } from '../model/city.ts';
import { degreesText } from '../model/earth.ts';
import { AttributeRow } from './AttributeRow.tsx';
import { createAsked, problemText } from './asked.ts';
import { askWay } from './askRoute.ts';
import { hasPlan, openFound } from './openFound.ts';
import { text } from './prefs.ts';
import { RouteList } from './RoutePanel.tsx';
import { SameTable } from './SameTable.tsx';
import { useUi } from './ui.ts';

const FACTS_FIRST = ['address', 'contact', 'storeysAboveGround', 'storeysBelowGround', 'buildingHeight', 'streetKind', 'walkable', 'landUse'];
/** Drawn, not told. */
const DRAWN = ['outline', 'course', 'ends', 'sitePosition', 'name', 'type', 'identifies'];

export function PlacePanel(): JSX.Element {
  const ui = useUi();
  return (
    <Show when={ui.thing()} keyed fallback={<InView />}>
      {(thing) => <PlaceDetail thing={thing} />}
    </Show>
  );
}

/** All that is named on the map, for those who cannot see or tap it. */
function InView(): JSX.Element {
  const ui = useUi();
  return (
    <section class="find">
      <h3>{text().map.inView}</h3>
      <ul class="finding-list" data-list="in-view">
        <For each={ui.inView()} fallback={<li class="hint">{text().map.closer}</li>}>
          {(thing) => <li class="found-row"><button type="button" class="found" data-thing={thing.id ?? ''} onClick={() => ui.showThing(thing)}><b>{nameOf(thing)}</b><span class="source-facts">{text().map.kind[thing.kind]}</span></button></li>}
        </For>
      </ul>
    </section>
  );
}

function PlaceDetail(props: { thing: CityThing }): JSX.Element {
  const ui = useUi();
  const asked = createAsked<Twin>(() => (props.thing.id ? `/v1/entities/${enc(props.thing.id)}` : null));
  const facts = () => {
    const twin = asked.found();
    if (!twin) return [];
    const names = Object.keys(twin.attributes).filter((n) => !DRAWN.includes(n) && !isVerbatim(twin.attributes[n] as Attribute));
    const rank = (n: string) => (FACTS_FIRST.includes(n) ? FACTS_FIRST.indexOf(n) : FACTS_FIRST.length);
    return names.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  };
  const room = () => (ui.picture.twins[ui.selected() ?? '']?.kind === 'space' ? ui.selected() : null);
  const back = () => {
    ui.setPickFrom(null);
    ui.setPickTo(props.thing);
  };
  return (
    <article class="detail" data-place={props.thing.id ?? 'point'}>
      <header>
        <h2>{nameOf(props.thing)}</h2>
        <p class="detail-kind">{text().map.kind[props.thing.kind]}<Show when={props.thing.at}>{(at) => <> · {degreesText(at(), text().locale)}</>}</Show></p>
      </header>
      <Show when={props.thing.kind === 'building' && props.thing.id}>
        {(id) => <Show when={hasPlan(ui, id())} fallback={<p class="hint">{text().map.noPlan}</p>}><button type="button" class="primary" data-act="open-plan" onClick={() => void openFound(ui, { id: id(), kind: 'building' })}>{text().map.openPlan}</button></Show>}
      </Show>
      <Show when={canBeReached(props.thing)}>
        <h3>{text().nav.route}</h3>
        <div class="claim-buttons">
          <Show when={room()} fallback={<p class="hint">{text().way.select}</p>}>
            {(id) => <button type="button" data-route="here" onClick={() => void askWay(ui, id(), props.thing)}>{text().way.to(ui.nameOf(id()))}</button>}
          </Show>
          <Show when={props.thing.at}><button type="button" data-route="back" aria-pressed={ui.pickTo() !== null} onClick={back}>{text().way.fromHere}</button></Show>
          <Show when={ui.routes()}><button type="button" onClick={() => ui.setRoutes(null)}>{text().route.clear}</button></Show>
        </div>
        <p class="hint" aria-live="polite">{ui.wayNote()}</p>
        <RouteList />
      </Show>
      <Show when={asked.error()}>{(e) => <p class="problem">{problemText(e())}</p>}</Show>
      <Show when={asked.found()}>
        {(twin) => (
          <>
            <h3>{text().detail.facts}</h3>
            <ul class="attributes"><For each={facts()} fallback={<li class="hint">{text().detail.nothingSaid}</li>}>{(name) => <AttributeRow twin={twin()} attribute={name} />}</For></ul>
            <SameTable id={twin().id} />
          </>
        )}
      </Show>
      <Show when={props.thing.id}>{(id) => <p class="twin-id">{id()}</p>}</Show>
    </article>
  );
}

function nameOf(thing: CityThing): string {
  return thing.name ?? (thing.kind === 'place' ? text().map.tapped : `${text().map.kind[thing.kind]} ${text().map.unnamed}`);
}
