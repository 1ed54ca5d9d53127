// Where sensors stand and what they measure: suggestions to confirm, one by one or many at
// once, and points that nobody could place, those that raise an alarm first.

import { createMemo, createSignal, For, Show, type JSX } from 'solid-js';
import { mayDecide } from '../model/identity.ts';
import { alarmsNowhere, decide, POINT_STATES, pointsQuery, sureEnough, type MappedPoint, type PointDecision, type PointList, type PointState } from '../model/points.ts';
import { percentText } from '../model/words.ts';
import { createAsked, problemText } from './asked.ts';
import { PointRow } from './PointRow.tsx';
import { text } from './prefs.ts';
import { ReviewTabs } from './ReviewTabs.tsx';
import { useUi } from './ui.ts';

const PAGE = 100;
/** All of a large building are looked through and confirmed at once; shown are some. */
const ASKED_MAX = 10_000;
/** As many as the node takes at once. */
const SENT_MAX = 1000;
/** Suggestions that may be confirmed together without looking at each: what the node states
    as sure. */
const SURE_ENOUGH = 0.95;

export function PointsPanel(): JSX.Element {
  const ui = useUi();
  const [state, setState] = createSignal<PointState | 'all'>((ui.city.nowhere().length > 0 && 'unmapped') || 'suggested');
  const [limit, setLimit] = createSignal(PAGE);
  const [filter, setFilter] = createSignal('');
  const [picked, setPicked] = createSignal<ReadonlySet<string>>(new Set());
  const [answer, setAnswer] = createSignal('');
  const [problem, setProblem] = createSignal('');
  const asked = createAsked<PointList>(() => pointsQuery(state(), '', ASKED_MAX));
  const all = () => asked.found()?.points ?? [];
  const chosen = createMemo(() => {
    const words = filter().toLowerCase().split(/\s+/).filter(Boolean);
    const alarming = new Set(alarmsNowhere(all()).map((p) => p.id));
    const fitting = all().filter((p) => words.every((w) => `${p.point} ${p.observes?.name ?? ''} ${p.attribute ?? ''}`.toLowerCase().includes(w)));
    return [...fitting].sort((a, b) => Number(alarming.has(b.id)) - Number(alarming.has(a.id)));
  });
  const sure = () => sureEnough(chosen(), SURE_ENOUGH);
  const marked = () => chosen().filter((p) => picked().has(p.id));
  const may = () => mayDecide(ui.picture.session()?.role);
  const show = (next: PointState | 'all') => {
    setState(next);
    setLimit(PAGE);
    setPicked(new Set<string>());
    setAnswer('');
  };
  const toggle = (id: string, isPicked: boolean) => setPicked((old) => new Set(isPicked ? [...old, id] : [...old].filter((x) => x !== id)));
  const send = async (points: PointDecision[]): Promise<string> => {
    setProblem('');
    try {
      for (let i = 0; i < points.length; i += SENT_MAX) {
        await ui.picture.client.send('POST', '/v1/points', JSON.stringify({ points: points.slice(i, i + SENT_MAX) }));
      }
      done(text().points.done(points.length));
      return '';
    } catch (error) {
      return problemText(error);
    }
  };
  const sendMany = async (points: readonly MappedPoint[], to: PointDecision['state']) => setProblem(await send(points.map((p) => decide(p, to))));
  const done = (words: string) => {
    setAnswer(words);
    setPicked(new Set<string>());
    ui.picture.announce(words);
    asked.again();
    void ui.city.read();
  };
  const upload = async (file: File | undefined) => {
    if (!file) return;
    setProblem('');
    try {
      const told = await ui.picture.client.send<Mapped>('POST', '/v1/points.csv', await file.text(), 'text/csv', LONG_MS);
      done(text().points.uploaded(told.rows));
      if (told.findingCount > 0) setProblem(`${text().points.troubles(told.findingCount)}: ${told.findings.slice(0, TOLD_MAX).map(troubleText).join('; ')}`);
    } catch (error) {
      setProblem(problemText(error));
    }
  };
  const suggestAgain = async () => {
    setProblem('');
    try {
      const told = await ui.picture.client.send<{ changed: number }>('POST', '/v1/points/suggestions', undefined, undefined, LONG_MS);
      done(text().points.suggested(told.changed));
    } catch (error) {
      setProblem(problemText(error));
    }
  };
  return (
    <section class="points">
      <ReviewTabs />
      <p class="hint">{text().points.help}</p>
      <Show when={!may()}><p class="hint">{text().points.mayNot}</p></Show>
      <div class="states" role="group" aria-label={text().sources.states}>
        <For each={[...POINT_STATES, 'all'] as const}>
          {(s) => <button type="button" data-state={s} aria-pressed={state() === s} onClick={() => show(s)}>{text().points.state[s]} {s === 'all' ? '' : (asked.found()?.counts?.[s] ?? '')}</button>}
        </For>
      </div>
      <div class="finding-filter"><input type="search" placeholder={text().points.filter} aria-label={text().points.filter} value={filter()} onInput={(e) => setFilter(e.currentTarget.value)} /></div>
      <Show when={may()}>
        <div class="claim-buttons">
          <Show when={sure().length > 0 && marked().length === 0}><button type="button" data-act="confirm-sure" onClick={() => void sendMany(sure(), 'confirmed')}>{text().points.confirmSure(sure().length, percentText(SURE_ENOUGH, text()))}</button></Show>
          <Show when={marked().length > 0}>
            <button type="button" data-act="confirm-picked" disabled={!marked().every((p) => p.observes && p.attribute)} onClick={() => void sendMany(marked(), 'confirmed')}>{text().points.confirmPicked(marked().length)}</button>
            <button type="button" data-act="ignore-picked" onClick={() => void sendMany(marked(), 'ignored')}>{text().points.ignorePicked(marked().length)}</button>
          </Show>
          <button type="button" data-act="suggest" onClick={() => void suggestAgain()}>{text().points.again}</button>
          <a class="button-like" href="/v1/points.csv" download="points.csv" data-act="download">{text().points.download}</a>
          <label class="button-like file-button">{text().points.upload}<input type="file" accept=".csv,text/csv" data-act="upload" onChange={(e) => (void upload(e.currentTarget.files?.[0]), (e.currentTarget.value = ''))} /></label>
        </div>
      </Show>
      <p class="claim-answer" role="status">{answer()}</p>
      <p class="problem" role="alert">{problem()}</p>
      <Show when={asked.error()}>{(e) => <p class="problem">{text().points.failed}: {problemText(e())}</p>}</Show>
      <Show when={asked.found()} fallback={<Show when={!asked.error()}><p class="hint">{text().why.loading}</p></Show>}>
        <p class="hint">{text().points.shown(Math.min(limit(), chosen().length), asked.found()?.counts?.[state() as PointState] ?? all().length)}</p>
        <ul class="source-list">
          <For each={chosen().slice(0, limit())} fallback={<li class="hint">{text().points.none}</li>}>
            {(point) => <PointRow point={point} isPicked={picked().has(point.id)} onPick={(is) => toggle(point.id, is)} mayDecide={may()} send={send} />}
          </For>
        </ul>
        <Show when={chosen().length > limit()}><button type="button" data-act="more" onClick={() => setLimit((n) => n + PAGE)}>{text().points.more}</button></Show>
      </Show>
    </section>
  );
}

/** Thousands of names are looked through. */
const LONG_MS = 60_000;
const TOLD_MAX = 5;

interface Mapped { rows: number; findingCount: number; findings: { code: string; message: string; item?: string | null; line?: number | null }[] }

function troubleText(f: Mapped['findings'][number]): string {
  return [f.code, typeof f.line === 'number' ? text().findings.line(f.line) : '', f.item ?? '', f.message].filter(Boolean).join(' ');
}
