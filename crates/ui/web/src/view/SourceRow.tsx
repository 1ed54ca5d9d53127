// One source of one attribute: its state in words, its place, and setting it aside.

import { createSignal, Show, type JSX } from 'solid-js';
import { maySetAside, type SourceHealth } from '../model/health.ts';
import { healthFacts, healthText } from '../model/healthWords.ts';
import { sourceName } from '../model/source.ts';
import { HealthSign } from './HealthSign.tsx';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

export function SourceRow(props: { health: SourceHealth }): JSX.Element {
  const ui = useUi();
  const [asking, setAsking] = createSignal(false);
  const h = () => props.health;
  const isSetAside = () => ui.sources.setAside().some((q) => q.source === h().source);
  const storey = () => ui.picture.storeyOf(h().entity);
  return (
    <li class="source-row" data-source={h().source} data-state={h().state}>
      <p class="source-state"><HealthSign state={h().state} /> <b>{healthText(h(), ui.picture.connection.now_ms(), text())}</b><Show when={isSetAside()}><span class="set-aside-mark"><HealthSign state="setAside" /> {text().sources.isSetAside}</span></Show></p>
      <p><b title={h().source}>{sourceName(h().source)}</b> · {text().attribute[h().attribute] ?? h().attribute} · {ui.nameOf(h().entity)}<Show when={storey()}>{(id) => <>, {ui.nameOf(id())}</>}</Show></p>
      <p class="source-facts">{healthFacts(h(), text()).join(' · ')}</p>
      <div class="claim-buttons">
        <Show when={storey()}><button type="button" onClick={() => ui.jump(h().entity, h().attribute)}>{text().findings.jump}</button></Show>
        <Show when={maySetAside(ui.picture.session()?.role) && !isSetAside() && !asking()}>
          <button type="button" data-act="set-aside" onClick={() => setAsking(true)}>{text().sources.setAside}</button>
        </Show>
      </div>
      <Show when={asking()}><SetAsideForm source={h().source} onEnd={() => setAsking(false)} /></Show>
    </li>
  );
}

/** A reason is asked for, because whoever finds the source missing will want to know. */
function SetAsideForm(props: { source: string; onEnd: () => void }): JSX.Element {
  const ui = useUi();
  const [reason, setReason] = createSignal('');
  const [problem, setProblem] = createSignal('');
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      await ui.sources.quarantine(props.source, reason().trim());
      ui.picture.announce(text().sources.wasSetAside(sourceName(props.source)));
      props.onEnd();
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <form class="set-aside-form" onSubmit={(e) => void submit(e)}>
      <p class="hint">{text().sources.setAsideHelp}</p>
      <label>{text().sources.reason}<input name="reason" required maxlength="1000" autocomplete="off" value={reason()} onInput={(e) => setReason(e.currentTarget.value)} /></label>
      <p class="problem" role="alert">{problem()}</p>
      <div class="claim-buttons">
        <button type="submit" class="danger">{text().sources.setAsideNow(sourceName(props.source))}</button>
        <button type="button" onClick={() => props.onEnd()}>{text().imports.cancel}</button>
      </div>
    </form>
  );
}
