// A person states what they see. It becomes a claim by that person, weighed with the
// others, never a switch that overrides them.

import { createSignal, For, Show, type JSX } from 'solid-js';
import { claimLine, parseCount, type Statement, type Sureness } from '../model/claim.ts';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

export function ClaimForm(props: { entity: string; kind: string }): JSX.Element {
  const ui = useUi();
  const [sureness, setSureness] = createSignal<Sureness>('fairly');
  const [count, setCount] = createSignal('');
  const [answer, setAnswer] = createSignal('');
  const state = async (statement: Statement) => {
    const account = ui.picture.session()?.name;
    if (!account) return;
    const posted = await ui.outbox.post(claimLine(account, props.entity, statement, sureness(), ui.picture.connection.stamp_ms()));
    const words = posted === 'recorded' ? text().claim.recorded : posted === 'kept' ? text().claim.kept : `${text().claim.refused}: ${posted.refused}`;
    setAnswer(words);
    ui.picture.announce(words);
  };
  const stateCount = (event: Event) => {
    event.preventDefault();
    const people = parseCount(count());
    if (people === null) setAnswer(text().claim.badCount);
    else void state({ attribute: 'occupancy', value: people });
  };
  const options = (): [string, Statement][] =>
    props.kind === 'portal'
      ? [
          [text().claim.passable, { attribute: 'passable', value: true }],
          [text().claim.blocked, { attribute: 'passable', value: false }],
          [text().claim.open, { attribute: 'open', value: true }],
          [text().claim.closed, { attribute: 'open', value: false }],
        ]
      : [
          [text().claim.smoke, { attribute: 'smoke', value: true }],
          [text().claim.noSmoke, { attribute: 'smoke', value: false }],
          [text().claim.passable, { attribute: 'passable', value: true }],
          [text().claim.blocked, { attribute: 'passable', value: false }],
        ];
  return (
    <section class="claim-form">
      <h3>{text().claim.title}…</h3>
      <fieldset class="sureness">
        <legend>{text().claim.sureness}</legend>
        <For each={['certain', 'fairly'] as const}>
          {(word) => (
            <label><input type="radio" name="sureness" checked={sureness() === word} onChange={() => setSureness(word)} /> {text().claim[word]}</label>
          )}
        </For>
      </fieldset>
      <div class="claim-buttons">
        <For each={options()}>{([label, statement]) => <button type="button" data-claim={`${statement.attribute}=${String(statement.value)}`} onClick={() => void state(statement)}>{label}</button>}</For>
      </div>
      <Show when={props.kind === 'space'}>
        <form class="count-form" onSubmit={stateCount}>
          <label>{text().claim.people} <input inputmode="numeric" autocomplete="off" size="4" value={count()} onInput={(e) => setCount(e.currentTarget.value)} aria-label={text().claim.count} /></label>
          <button type="submit">{text().claim.send}</button>
        </form>
      </Show>
      <p class="claim-answer" aria-live="polite">{answer()}</p>
    </section>
  );
}
