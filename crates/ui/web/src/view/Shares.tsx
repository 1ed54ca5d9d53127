// What goes to whom, rule by rule in its sentence; nothing else leaves this node.

import { createSignal, For, Show, type JSX } from 'solid-js';
import { enc } from '../live/client.ts';
import { ruleText, type ShareRule } from '../model/sharing.ts';
import { percentText } from '../model/words.ts';
import { createAsked, problemText } from './asked.ts';
import { text } from './prefs.ts';
import { areaName, ShareForm } from './ShareForm.tsx';
import { useUi } from './ui.ts';

export function Shares(): JSX.Element {
  const asked = createAsked<{ shares: ShareRule[] }>(() => '/v1/shares');
  const [adding, setAdding] = createSignal(false);
  const standing = () => (asked.found()?.shares ?? []).filter((rule) => rule.standing);
  const ended = () => (asked.found()?.shares ?? []).filter((rule) => !rule.standing);
  return (
    <>
      <h3>{text().shares.title}</h3>
      <Show when={asked.error()}>{(e) => <p class="problem">{problemText(e())}</p>}</Show>
      <Show when={asked.found()} fallback={<Show when={!asked.error()}><p class="hint">{text().why.loading}</p></Show>}>
        <ul class="source-list" data-list="shares">
          <For each={standing()} fallback={<li class="hint">{text().shares.none}</li>}>{(rule) => <ShareRow rule={rule} onEnded={asked.again} />}</For>
        </ul>
        <Show when={adding()} fallback={<button type="button" data-act="share" onClick={() => setAdding(true)}>{text().shares.add}</button>}>
          <ShareForm onEnd={() => (setAdding(false), asked.again())} />
        </Show>
        <Show when={ended().length > 0}>
          <details>
            <summary>{text().shares.endedOnes(ended().length)}</summary>
            <ul class="source-list"><For each={ended()}>{(rule) => <ShareRow rule={rule} onEnded={asked.again} />}</For></ul>
          </details>
        </Show>
      </Show>
    </>
  );
}

function ShareRow(props: { rule: ShareRule; onEnded: () => void }): JSX.Element {
  const ui = useUi();
  const [asking, setAsking] = createSignal(false);
  const [problem, setProblem] = createSignal('');
  const rule = () => props.rule;
  const end = async () => {
    try {
      await ui.picture.client.send('DELETE', `/v1/shares/${enc(String(rule().id))}`);
      ui.picture.announce(text().shares.ended);
      props.onEnded();
    } catch (error) {
      setProblem(problemText(error));
    }
  };
  const facts = () => [text().shares.rule(rule().id), rule().standing ? '' : text().shares.isEnded, rule().backfill && rule().backfilled < 1 ? text().shares.backfilled(percentText(rule().backfilled, text())) : ''];
  return (
    <li class="source-row" data-share={rule().id}>
      <p>{ruleText(rule(), areaName(ui, rule().area), text())}</p>
      <p class="source-facts">{facts().filter(Boolean).join(' · ')}</p>
      <Show when={rule().standing}>
        <Show when={asking()} fallback={<button type="button" data-act="end-share" onClick={() => setAsking(true)}>{text().shares.end}</button>}>
          <div class="set-aside-form">
            <p>{text().shares.endMeans}</p>
            <p class="problem" role="alert">{problem()}</p>
            <div class="claim-buttons">
              <button type="button" class="danger" onClick={() => void end()}>{text().shares.endNow}</button>
              <button type="button" onClick={() => setAsking(false)}>{text().imports.cancel}</button>
            </div>
          </div>
        </Show>
      </Show>
    </li>
  );
}
