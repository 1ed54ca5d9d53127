// Deciding which things of different sources are one and the same. Nothing is merged: a
// decision is one more claim, and can be taken back.

import { createSignal, For, Show, type JSX } from 'solid-js';
import { comparedRows, IDENTITY_STATES, identityQuery, mayDecide, probabilityText, sideName, verdict, type IdentityList, type IdentityPair, type IdentityState } from '../model/identity.ts';
import { sourceName } from '../model/source.ts';
import { createAsked, problemText } from './asked.ts';
import { openFound } from './openFound.ts';
import { text } from './prefs.ts';
import { ReviewTabs } from './ReviewTabs.tsx';
import { useUi } from './ui.ts';

const PAGE = 50;

export function IdentitiesPanel(): JSX.Element {
  const ui = useUi();
  const [state, setState] = createSignal<IdentityState | 'all'>('open');
  const [limit, setLimit] = createSignal(PAGE);
  const [answer, setAnswer] = createSignal('');
  const asked = createAsked<IdentityList>(() => identityQuery(state(), '', limit()));
  const pairs = () => asked.found()?.identities ?? [];
  const show = (next: IdentityState | 'all') => {
    setState(next);
    setLimit(PAGE);
    setAnswer('');
  };
  const decided = (words: string) => {
    setAnswer(words);
    ui.picture.announce(words);
    asked.again();
    void ui.city.read();
  };
  return (
    <section class="identities">
      <ReviewTabs />
      <p class="hint">{text().identity.help}</p>
      <Show when={!mayDecide(ui.picture.session()?.role)}><p class="hint">{text().identity.mayNot}</p></Show>
      <div class="states" role="group" aria-label={text().sources.states}>
        <For each={[...IDENTITY_STATES, 'all'] as const}>{(s) => <button type="button" data-state={s} aria-pressed={state() === s} onClick={() => show(s)}>{text().identity.state[s]}</button>}</For>
      </div>
      <p class="claim-answer" role="status">{answer()}</p>
      <Show when={asked.error()}>{(e) => <p class="problem">{text().identity.failed}: {problemText(e())}</p>}</Show>
      <Show when={asked.found()} fallback={<Show when={!asked.error()}><p class="hint">{text().why.loading}</p></Show>}>
        <p class="hint">{text().identity.shown(pairs().length)}</p>
        <ul class="source-list"><For each={pairs()} fallback={<li class="hint">{text().identity.none}</li>}>{(pair) => <PairRow pair={pair} onDecided={decided} />}</For></ul>
        <Show when={asked.found()?.next}><button type="button" data-act="more" onClick={() => setLimit((n) => n + PAGE)}>{text().identity.more}</button></Show>
      </Show>
    </section>
  );
}

function PairRow(props: { pair: IdentityPair; onDecided: (words: string) => void }): JSX.Element {
  const ui = useUi();
  const [reason, setReason] = createSignal('');
  const [problem, setProblem] = createSignal('');
  const pair = () => props.pair;
  const decide = async (isSame: boolean) => {
    setProblem('');
    try {
      await ui.picture.client.send('POST', '/v1/identities', verdict(pair(), isSame, reason().trim() || text().identity.byHand));
      props.onDecided(text().identity[isSame ? 'confirmed' : 'disputed']);
    } catch (error) {
      setProblem(problemText(error));
    }
  };
  const show = (side: IdentityPair['one']) => void openFound(ui, { id: side.id, kind: side.kind ?? 'thing', name: side.name ?? null });
  return (
    <li class="source-row pair" data-identity={pair().identity} data-state={pair().state}>
      <p><b>{probabilityText(pair(), text())}</b> · {text().identity.state[pair().state]}</p>
      <table class="same-table">
        <thead><tr><td /><th><button type="button" class="link" onClick={() => show(pair().one)}>{sideName(pair().one)}</button></th><th><button type="button" class="link" onClick={() => show(pair().other)}>{sideName(pair().other)}</button></th></tr></thead>
        <tbody>
          <For each={comparedRows(pair(), text())}>
            {(row) => <tr classList={{ conflict: row.differ }} data-differ={row.differ}><th>{row.differ ? '≠ ' : ''}{row.label}</th><td>{row.one}</td><td>{row.other}</td></tr>}
          </For>
        </tbody>
      </table>
      <p class="source-facts">{[pair().reason ? text().identity.because(pair().reason as string) : text().identity.noReason, ...(pair().sources ?? []).map(sourceName)].join(' · ')}</p>
      <Show when={mayDecide(ui.picture.session()?.role)}>
        <label class="reason">{text().identity.reason}<input name="why" maxlength="200" autocomplete="off" value={reason()} onInput={(e) => setReason(e.currentTarget.value)} /></label>
        <div class="claim-buttons">
          <Show when={pair().state !== 'confirmed'}><button type="button" data-act="confirm" onClick={() => void decide(true)}>{text().identity.confirm}</button></Show>
          <Show when={pair().state !== 'disputed'}><button type="button" data-act="dispute" onClick={() => void decide(false)}>{pair().state === 'confirmed' ? text().identity.split : text().identity.dispute}</button></Show>
        </div>
      </Show>
      <p class="problem" role="alert">{problem()}</p>
    </li>
  );
}
