// Ways from the selected room: facts first (length, how surely passable, which door to
// check), and "none known" is not "none".

import { createSignal, For, Show, type JSX } from 'solid-js';
import type { Route, RouteStep } from '../model/api.ts';
import { anchorsOf, outdoors_m, toldSteps } from '../model/route.ts';
import { numberText, percentText } from '../model/words.ts';
import { askRoute } from './askRoute.ts';
import { text } from './prefs.ts';
import { useUi, type Ui } from './ui.ts';

export function RoutePanel(props: { from: string }): JSX.Element {
  const ui = useUi();
  const [note, setNote] = createSignal('');
  const ask = async (to: string) => {
    setNote('');
    const words = await askRoute(ui, props.from, to);
    setNote(words);
    if (words) ui.picture.announce(words);
  };
  const pick = (stage: 'plan' | 'map') => {
    const isPicking = ui.pickFrom() !== null && ui.stage() === stage;
    ui.setPickTo(null);
    ui.setPickFrom(isPicking ? null : props.from);
    ui.setStage(stage);
  };
  return (
    <section class="route-panel">
      <h3>{text().nav.route}</h3>
      <div class="claim-buttons">
        <button type="button" data-route="exit" onClick={() => void ask('exit')}>{text().route.toExit}</button>
        <button type="button" data-route="room" aria-pressed={ui.pickFrom() !== null && ui.stage() === 'plan'} onClick={() => pick('plan')}>{text().route.toRoom}</button>
        <Show when={ui.city.map()}><button type="button" data-route="street" aria-pressed={ui.pickFrom() !== null && ui.stage() === 'map'} onClick={() => pick('map')}>{text().way.toStreet}</button></Show>
        <Show when={ui.routes()}><button type="button" onClick={() => ui.setRoutes(null)}>{text().route.clear}</button></Show>
      </div>
      <p aria-live="polite" class="hint">{note() || ui.wayNote()}</p>
      <RouteList />
    </section>
  );
}

/** The ways that were found, wherever they begin. */
export function RouteList(): JSX.Element {
  const ui = useUi();
  return <For each={ui.routes() ?? []}>{(route, i) => <RouteFacts route={route} number={i() + 1} />}</For>;
}

function RouteFacts(props: { route: Route; number: number }): JSX.Element {
  const ui = useUi();
  const metres = (m: number) => numberText(m, 0, text());
  const outside = () => (props.route.steps.some((s) => s.street) ? outdoors_m(props.route) : null);
  return (
    <div class="route-facts">
      <p>
        <b>{text().route.option(props.number)}</b> {text().route.length(metres(props.route.length_m))}
        <Show when={outside() !== null}>, {text().way.outdoors(metres(outside() as number))}</Show>
        <Show when={props.route.probability !== null && props.route.probability !== undefined}>, {text().route[props.route.usesUnknown ? 'probabilityKnown' : 'probability'](percentText(props.route.probability as number, text()))}</Show>
      </p>
      <Show when={props.route.usesUnknown}><p class="flag">{text().look.unknown}: {text().route.usesUnknown}</p></Show>
      <For each={anchorsOf(props.route)}>{(step) => <AnchorLine step={step} />}</For>
      <Show when={props.route.leastCertain}>
        {(id) => <button type="button" class="check-first" data-least-certain={id()} onClick={() => (ui.picture.storeyOf(id()) ? ui.jump(id()) : ui.showThing({ kind: 'street', id: id(), name: null, at: null }))}>{text().route.check}: {ui.picture.storeyOf(id()) ? ui.nameOf(id()) : text().map.kind['street']}</button>}
      </Show>
      <details>
        <summary>{text().route.steps} ({toldSteps(props.route.steps).length})</summary>
        <ol>
          <For each={toldSteps(props.route.steps)}>
            {(step) => (
              <li>
                {stepText(ui, step)}
                <Show when={typeof step.probability === 'number'}> · {percentText(step.probability as number, text())}</Show>
                <Show when={(step.portal || step.exit) && step.status === 'unknown'}> · {text().status.unknown}</Show>
              </li>
            )}
          </For>
        </ol>
      </details>
    </div>
  );
}

/** Where indoors meets outdoors is itself only probable. */
function AnchorLine(props: { step: RouteStep }): JSX.Element {
  const ui = useUi();
  const words = () => {
    const { streetName, probability, reason } = props.step;
    const street = streetName || text().way.unnamed;
    return typeof probability === 'number' ? text().way.anchor(street, percentText(probability, text()), reason ?? '') : text().way.anchorUnknown(street);
  };
  return <p class="anchor" data-anchor={props.step.exit ?? ''}><b>{ui.nameOf(props.step.exit ?? '')}: </b>{words()}</p>;
}

function stepText(ui: Ui, step: RouteStep): string {
  if (step.exit) return ui.nameOf(step.exit);
  if (step.street) return streetText(step);
  return [step.space, step.portal].filter((id): id is string => !!id).map(ui.nameOf).join(' → ') || text().route.outside;
}

function streetText(step: RouteStep): string {
  const name = step.streetName || text().way.unnamed;
  return typeof step.length_m === 'number' ? text().way.along(name, numberText(step.length_m, 0, text())) : text().way.alongUnknown(name);
}
