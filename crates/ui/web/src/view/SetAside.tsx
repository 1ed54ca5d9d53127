// The sources that people have set aside, with who did it and why, and releasing them.

import { createSignal, For, Show, type JSX } from 'solid-js';
import { ageSeconds, ageText } from '../model/age.ts';
import { maySetAside, type Quarantined } from '../model/health.ts';
import { sourceName } from '../model/source.ts';
import { HealthSign } from './HealthSign.tsx';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

export function SetAside(): JSX.Element {
  const ui = useUi();
  return (
    <Show when={ui.sources.setAside().length > 0}>
      <h3>{text().sources.setAsideTitle}</h3>
      <ul class="source-list"><For each={ui.sources.setAside()}>{(q) => <SetAsideRow record={q} />}</For></ul>
    </Show>
  );
}

function SetAsideRow(props: { record: Quarantined }): JSX.Element {
  const ui = useUi();
  const [problem, setProblem] = createSignal('');
  const q = () => props.record;
  const age = () => {
    const age_s = ageSeconds(q().since, ui.picture.connection.now_ms());
    return age_s === null ? '' : text().ago(ageText(age_s, text().age));
  };
  const release = async () => {
    try {
      await ui.sources.release(q().source);
      ui.picture.announce(text().sources.wasReleased(sourceName(q().source)));
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <li class="source-row" data-set-aside={q().source}>
      <p class="source-state"><HealthSign state="setAside" /> <b title={q().source}>{sourceName(q().source)}</b></p>
      <p>{q().reason}</p>
      <p class="source-facts">{[q().by ? sourceName(q().by as string) : '', age()].filter(Boolean).join(' · ')}</p>
      <Show when={maySetAside(ui.picture.session()?.role)}><button type="button" data-act="release" onClick={() => void release()}>{text().sources.release}</button></Show>
      <p class="problem" role="alert">{problem()}</p>
    </li>
  );
}
