// How well the node's own estimates hold what they say, each class of quantity in a
// sentence, with the figures behind it.

import { createMemo, createResource, For, Match, Show, Switch, type JSX } from 'solid-js';
import { byHold, byVerdict, verdictText, type Calibration, type ClassScore, type SourceScore } from '../model/calibration.ts';
import { sourceName } from '../model/source.ts';
import { numberText, percentText, unitText } from '../model/words.ts';
import { BeliefTabs } from './BeliefTabs.tsx';
import { CoverageRow } from './Coverage.tsx';
import { PitHistogram } from './PitHistogram.tsx';
import { Reliability } from './Reliability.tsx';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

const SOURCES_SHOWN_MAX = 12;
/** Sources come in pages; the first is as large as any building needs. */
const SOURCES_READ_MAX = 10_000;
const ASK_EVERY_MS = 60_000;

export function CalibrationPanel(): JSX.Element {
  const ui = useUi();
  const slow = createMemo(() => Math.floor(ui.picture.connection.now_ms() / ASK_EVERY_MS) + 1);
  const [answer] = createResource(slow, () => ui.picture.client.get<Calibration>(`/v1/calibration?limit=${SOURCES_READ_MAX}`).then((found) => ({ found }), (error: unknown) => ({ error: error as Error })));
  const found = () => {
    const a = answer.latest;
    return a && 'found' in a ? a.found : undefined;
  };
  const error = () => {
    const a = answer.latest;
    return a && 'error' in a ? a.error : undefined;
  };
  return (
    <section class="calibration">
      <BeliefTabs />
      <p class="hint">{text().calibration.help}</p>
      <Switch fallback={<p class="hint">{text().why.loading}</p>}>
        <Match when={error()}>{(e) => <p class="problem">{text().calibration.failed}: {e().message}</p>}</Match>
        <Match when={found()}>
          {(all) => (
            <ul class="class-list">
              <For each={[...all().classes].sort(byVerdict)} fallback={<li class="hint">{text().calibration.neverTried}</li>}>
                {(score) => <ClassRow score={score} sources={(all().sources ?? []).filter((s) => s.attribute === score.attribute)} />}
              </For>
            </ul>
          )}
        </Match>
      </Switch>
    </section>
  );
}

function ClassRow(props: { score: ClassScore; sources: SourceScore[] }): JSX.Element {
  const s = () => props.score;
  return (
    <li class={`class-row verdict-${s().verdict}`} data-class={s().attribute} data-verdict={s().verdict}>
      <h3>{text().attribute[s().attribute] ?? s().attribute}</h3>
      <p class="verdict"><span class="verdict-sign" aria-hidden="true">{SIGNS[s().verdict]}</span> {verdictText(s(), text())}</p>
      <p class="validated" classList={{ flag: !s().validatedOn }}>{s().validatedOn ? text().calibration.validatedOn(s().validatedOn as string) : text().calibration.neverOutside}</p>
      <Show when={s().verdict !== 'tooFew'}>
        <CoverageRow says={0.5} holds={s().coverage50} />
        <CoverageRow says={0.9} holds={s().coverage90} band={s().band90} />
        <PitHistogram counts={s().pit} />
        <Reliability bins={s().reliability} />
        <p class="source-facts">{scores(s()).join(' · ')}</p>
        <Show when={props.sources.length > 0}><SourceScores sources={props.sources} /></Show>
      </Show>
    </li>
  );
}

/** Narrower than it should be, wider, even, not known: shapes, not colours. */
const SIGNS: Record<ClassScore['verdict'], string> = { tooSure: '→←', tooUnsure: '←→', calibrated: '=', tooFew: '?' };

function scores(score: ClassScore): string[] {
  const t = text().calibration;
  const unit = unitText(score.unit);
  const said = (label: string, value: number | null | undefined, of = '') => (typeof value === 'number' ? `${label} ${numberText(value, 2, text())}${of ? ` ${of}` : ''}` : '');
  return [t.checks(score.n), said(t.crps, score.crps, unit), said(t.logScore, score.logScore), said(t.brier, score.brier)].filter(Boolean);
}

function SourceScores(props: { sources: SourceScore[] }): JSX.Element {
  // Those that hold least of what they say first.
  const worst = () => [...props.sources].sort(byHold).slice(0, SOURCES_SHOWN_MAX);
  const rate = (label: string, p: number | null | undefined) => (typeof p === 'number' ? `${label} ${percentText(p, text())}` : '');
  return (
    <details>
      <summary>{text().calibration.perSource} ({props.sources.length})</summary>
      <ul class="score-list">
        <For each={worst()}>
          {(s) => (
            <li>
              <b title={s.source}>{sourceName(s.source)}</b>{' '}
              <span class="source-facts">{[rate(text().calibration.holds90, s.coverage90), rate(text().calibration.foreseen, s.foreseen), rate(text().calibration.hit, s.hit), rate(text().calibration.falseAlarm, s.falseAlarm), text().calibration.checks(s.n)].filter(Boolean).join(' · ')}</span>
            </li>
          )}
        </For>
      </ul>
    </details>
  );
}
