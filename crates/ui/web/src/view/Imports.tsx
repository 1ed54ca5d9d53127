// Bringing a building in: drop a file, watch, cancel, see what changed, take it back.

import { createResource, createSignal, For, Match, Show, Switch, type JSX } from 'solid-js';
import type { ImportDone, ImportRecord } from '../model/api.ts';
import { ageSeconds, ageText } from '../model/age.ts';
import { enc } from '../live/client.ts';
import { startImport, type ImportEnd, type Progress, type RunningImport } from '../live/imports.ts';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

/** What the node reads; it looks into the file, not only at its name. */
const ACCEPTED = '.ifc,.ifczip,.json,.jsonl,.city.json,.city.jsonl,.pbf,.osm,.geojson,.csv';

export function Imports(): JSX.Element {
  const ui = useUi();
  const [running, setRunning] = createSignal<RunningImport | null>(null);
  const [progress, setProgress] = createSignal<Progress>({ share: 0, stage: '' });
  const [end, setEnd] = createSignal<ImportEnd | null>(null);
  const [over, setOver] = createSignal(false);
  const [mapping, setMapping] = createSignal<File | null>(null);
  const [previous, { refetch }] = createResource(() => readImports(ui));

  const begin = async (file: File | undefined) => {
    if (!file || running()) return;
    setEnd(null);
    setProgress({ share: 0, stage: 'sending' });
    const run = startImport(file, await mapping()?.text(), setProgress);
    setRunning(run);
    const ended = await run.end;
    setRunning(null);
    setEnd(ended);
    ui.picture.announce('done' in ended ? text().imports.done : text().imports.failed);
    if ('done' in ended) {
      await ui.picture.rereadNow().catch(() => undefined);
      void ui.city.changed();
      void refetch();
    }
  };
  return (
    <section class="imports">
      <label
        class="drop"
        classList={{ over: over() }}
        onDragOver={(e) => {
          e.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(e) => {
          e.preventDefault();
          setOver(false);
          void begin(e.dataTransfer?.files[0]);
        }}
      >
        <span>{text().imports.drop}</span>
        <span class="button-like">{text().imports.choose}</span>
        <input
          type="file"
          accept={ACCEPTED}
          disabled={running() !== null}
          onChange={(e) => {
            void begin(e.currentTarget.files?.[0]);
            e.currentTarget.value = '';
          }}
        />
      </label>
      <details class="mapping">
        <summary>{text().imports.mapping}</summary>
        <p class="hint">{text().imports.mappingHelp}</p>
        <input type="file" aria-label={text().imports.mapping} data-act="mapping" onChange={(e) => setMapping(e.currentTarget.files?.[0] ?? null)} />
      </details>
      <Show when={running()}>
        {(run) => (
          <div class="progress-box">
            <progress max="1" value={progress().share} aria-label={text().imports.stage[progress().stage] ?? progress().stage} />
            <p>{text().imports.stage[progress().stage] ?? progress().stage} · {Math.round(progress().share * 100)} %</p>
            <button type="button" onClick={() => run().cancel()}>{text().imports.cancel}</button>
          </div>
        )}
      </Show>
      <Show when={end()}>{(e) => <Outcome end={e()} />}</Show>
      <h3>{text().imports.previous}</h3>
      <ul class="import-list">
        <For each={previous() ?? []} fallback={<li class="hint">{text().imports.none}</li>}>
          {(record) => <ImportRow record={record} onUndone={() => void refetch()} />}
        </For>
      </ul>
    </section>
  );
}

async function readImports(ui: ReturnType<typeof useUi>): Promise<ImportRecord[]> {
  try {
    const answer = await ui.picture.client.get<{ imports?: ImportRecord[] }>('/v1/imports');
    return [...(answer.imports ?? [])].sort((a, b) => b.batch - a.batch);
  } catch {
    return [];
  }
}

function Outcome(props: { end: ImportEnd }): JSX.Element {
  const done = () => ('done' in props.end ? props.end.done : null);
  const error = () => ('error' in props.end ? props.end.error : null);
  return (
    <div class="outcome" aria-live="polite">
      <Switch fallback={<p>{text().imports.cancelled}</p>}>
        <Match when={done()}>{(d) => <DoneFacts done={d()} />}</Match>
        <Match when={error()}>{(e) => <p class="problem">{text().imports.failed}: <code>{e().code}</code> {e().message || text().error.network} {e().help ?? text().codes[e().code] ?? ''}</p>}</Match>
      </Switch>
    </div>
  );
}

function DoneFacts(props: { done: ImportDone }): JSX.Element {
  const ui = useUi();
  const counts = (of: Record<string, unknown> | undefined, words: Record<string, string>) =>
    Object.entries(of ?? {}).filter(([, n]) => typeof n === 'number').map(([k, n]) => `${String(n)} ${words[k] ?? k}`);
  return (
    <>
      <p><b>{text().imports.done}</b> · {text().imports.batch(props.done.batch)}</p>
      <ul>
        <For each={[counts(props.done.summary, text().imports.summary), counts(props.done.changes, text().imports.change), counts(props.done.findings, text().findings.severity)]}>
          {(facts) => <Show when={facts.length > 0}><li>{facts.join(', ')}</li></Show>}
        </For>
      </ul>
      <div class="claim-buttons">
        <Show when={props.done.building}>{(id) => <button type="button" onClick={() => void ui.picture.openBuilding(id()).catch(() => undefined)}>{text().imports.show}</button>}</Show>
        <button type="button" onClick={() => ui.setPanel('findings')}>{text().nav.findings}</button>
      </div>
    </>
  );
}

function ImportRow(props: { record: ImportRecord; onUndone: () => void }): JSX.Element {
  const ui = useUi();
  const [asking, setAsking] = createSignal(false);
  const [problem, setProblem] = createSignal('');
  const undone = () => props.record.undone === true || (props.record.undoneBy ?? null) !== null;
  const age_s = () => ageSeconds(props.record.recorded, ui.picture.connection.now_ms());
  const undo = async () => {
    setAsking(false);
    try {
      await ui.picture.client.send('DELETE', `/v1/imports/${enc(String(props.record.batch))}`);
      await ui.picture.rereadNow().catch(() => undefined);
      void ui.city.changed();
      props.onUndone();
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <li class="import-row" data-batch={props.record.batch}>
      <span>
        <b>{props.record.name ?? text().imports.batch(props.record.batch)}</b>
        <Show when={age_s() !== null}> · {text().ago(ageText(age_s() as number, text().age))}</Show>
        <Show when={undone()}> · {text().imports.undone}</Show>
        <Show when={!undone() && !props.record.undoOf}> · {props.record.attribution ? `${props.record.attribution}, ` : ''}{props.record.licence ?? text().map.licenceUnknown}</Show>
        <Show when={props.record.undoOf}>{(of) => <> · {text().imports.undoOf(of())}</>}</Show>
      </span>
      <Show when={!undone() && !props.record.undoOf}>
        <Show when={asking()} fallback={<button type="button" onClick={() => setAsking(true)}>{text().imports.undo}</button>}>
          <span class="confirm">{text().imports.confirmUndo} <button type="button" class="danger" onClick={() => void undo()}>{text().yes}</button><button type="button" onClick={() => setAsking(false)}>{text().no}</button></span>
        </Show>
      </Show>
      <Show when={problem()}><p class="problem">{problem()}</p></Show>
    </li>
  );
}
