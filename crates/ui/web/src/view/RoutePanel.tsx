// Ways from the selected room: facts first (length, how surely passable, which door to
// check), and "none known" is not "none".

import { createSignal, For, Show, type JSX } from 'solid-js';
import type { Route } from '../model/api.ts';
import { Away, enc } from '../live/client.ts';
import { numberText, percentText } from '../model/words.ts';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

export function RoutePanel(props: { from: string }): JSX.Element {
  const ui = useUi();
  const [note, setNote] = createSignal('');
  const ask = async (to: string) => {
    setNote('');
    ui.setRoutes(null);
    const words = await askRoute(ui, props.from, to);
    setNote(words);
    if (words) ui.picture.announce(words);
  };
  return (
    <section class="route-panel">
      <h3>{text().nav.route}</h3>
      <div class="claim-buttons">
        <button type="button" data-route="exit" onClick={() => void ask('exit')}>{text().route.toExit}</button>
        <button type="button" data-route="room" aria-pressed={ui.pickFrom() !== null} onClick={() => ui.setPickFrom(ui.pickFrom() ? null : props.from)}>{text().route.toRoom}</button>
        <Show when={ui.routes()}><button type="button" onClick={() => ui.setRoutes(null)}>{text().route.clear}</button></Show>
      </div>
      <p aria-live="polite" class="hint">{note()}</p>
      <For each={ui.routes() ?? []}>{(route, i) => <RouteFacts route={route} number={i() + 1} />}</For>
    </section>
  );
}

/** Asks for ways and shows them; answers with words when there is nothing to draw. */
export async function askRoute(ui: ReturnType<typeof useUi>, from: string, to: string): Promise<string> {
  try {
    const found = await ui.picture.client.get<{ routes: Route[] }>(`/v1/routes?from=${enc(from)}&to=${to === 'exit' ? 'exit' : enc(to)}&unknown=true`);
    if (found.routes.length === 0) return text().route.none;
    ui.setRoutes(found.routes);
    return '';
  } catch (error) {
    return error instanceof Away ? text().route.away : (error as Error).message;
  }
}

function RouteFacts(props: { route: Route; number: number }): JSX.Element {
  const ui = useUi();
  return (
    <div class="route-facts">
      <p>
        <b>{text().route.option(props.number)}</b> {text().route.length(numberText(props.route.length_m, 0, text()))}
        <Show when={props.route.probability !== null && props.route.probability !== undefined}>, {text().route[props.route.usesUnknown ? 'probabilityKnown' : 'probability'](percentText(props.route.probability as number, text()))}</Show>
      </p>
      <Show when={props.route.usesUnknown}><p class="flag">{text().look.unknown}: {text().route.usesUnknown}</p></Show>
      <Show when={props.route.leastCertain}>
        {(id) => <button type="button" class="check-first" data-least-certain={id()} onClick={() => ui.jump(id())}>{text().route.check}: {ui.nameOf(id())}</button>}
      </Show>
      <details>
        <summary>{text().route.steps} ({props.route.steps.length})</summary>
        <ol>
          <For each={props.route.steps}>
            {(step) => (
              <li>
                {[step.space, step.portal].filter((id): id is string => !!id).map(ui.nameOf).join(' → ') || text().route.outside}
                <Show when={typeof step.probability === 'number'}> · {percentText(step.probability as number, text())}</Show>
                <Show when={step.portal && step.status === 'unknown'}> · {text().status.unknown}</Show>
              </li>
            )}
          </For>
        </ol>
      </details>
    </div>
  );
}
