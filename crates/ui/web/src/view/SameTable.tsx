// What several sources say of one thing, side by side: contradictions first, nothing
// averaged, silence told as silence.

import { For, Show, type JSX } from 'solid-js';
import { enc } from '../live/client.ts';
import { conflictCount, conflictsFirst, saidBy, sureness, type Same, type SameAttribute, type Twinned } from '../model/same.ts';
import { sideName } from '../model/identity.ts';
import { createAsked, problemText } from './asked.ts';
import { text } from './prefs.ts';

export function SameTable(props: { id: string }): JSX.Element {
  const asked = createAsked<Same>(() => `/v1/entities/${enc(props.id)}/same`);
  const twins = () => asked.found()?.twins ?? [];
  const attributes = () => conflictsFirst(asked.found()?.attributes ?? []);
  return (
    <>
      <Show when={asked.error()}>{(e) => <p class="problem">{text().same.failed}: {problemText(e())}</p>}</Show>
      <Show when={twins().length > 1}>
        <section class="same" data-same={props.id}>
          <h3>{text().same.title}</h3>
          <p class="hint">{text().same.help}</p>
          <p data-conflicts={conflictCount(asked.found())} classList={{ flag: conflictCount(asked.found()) > 0 }}>{conflictCount(asked.found()) > 0 ? text().same.conflicts(conflictCount(asked.found())) : text().same.none}</p>
          <div class="wide">
            <table class="same-table">
              <thead>
                <tr>
                  <th>{text().same.attribute}</th>
                  <For each={twins()}>{(twin) => <th title={twin.id}><span>{sideName(twin)}</span> <span class="hint">{twin.id === props.id ? text().same.this : sureness(twin, text())}</span></th>}</For>
                </tr>
              </thead>
              <tbody><For each={attributes()}>{(attribute) => <Row attribute={attribute} columns={twins()} />}</For></tbody>
            </table>
          </div>
        </section>
      </Show>
    </>
  );
}

function Row(props: { attribute: SameAttribute; columns: Twinned[] }): JSX.Element {
  return (
    <tr data-attribute={props.attribute.name} data-agree={props.attribute.agree} classList={{ conflict: !props.attribute.agree }}>
      <th>{props.attribute.agree ? '' : '≠ '}{text().attribute[props.attribute.name] ?? props.attribute.name}<span class="sr-only"> {text().same[props.attribute.agree ? 'agree' : 'differ']}</span></th>
      <For each={props.columns}>
        {(twin) => {
          const said = () => saidBy(props.attribute, twin.id, text());
          return <td classList={{ silent: said().isSilent }}>{said().words}</td>;
        }}
      </For>
    </tr>
  );
}
