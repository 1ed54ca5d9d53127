// How completely the building on screen is known, storey by storey, and what its sources
// contradict each other in.

import { createSignal, For, Show, type JSX } from 'solid-js';
import { enc } from '../live/client.ts';
import { completenessLines, doorShare, shareText, wholeLine, worstFirst, type Completeness, type StoreyCompleteness } from '../model/completeness.ts';
import { createAsked, problemText } from './asked.ts';
import { text } from './prefs.ts';
import { ToldTabs } from './ReviewTabs.tsx';
import { SameTable } from './SameTable.tsx';
import { useUi } from './ui.ts';

export function CompletenessPanel(): JSX.Element {
  const ui = useUi();
  const building = () => ui.picture.building()?.id;
  const asked = createAsked<Completeness>(() => {
    const id = building();
    return id === undefined ? null : `/v1/buildings/${enc(id)}/completeness`;
  });
  const [byNeed, setByNeed] = createSignal(false);
  const storeys = () => asked.found()?.storeys ?? [];
  const listed = () => (byNeed() ? worstFirst(storeys()) : [...storeys()].reverse());
  return (
    <section class="completeness">
      <ToldTabs />
      <p class="hint">{text().completeness.help}</p>
      <Show when={asked.error()}>{(e) => <p class="problem">{text().completeness.failed}: {problemText(e())}</p>}</Show>
      <Show when={building()} fallback={<p class="hint">{text().completeness.noBuilding}</p>}>
        <Show when={asked.found()} fallback={<Show when={!asked.error()}><p class="hint">{text().why.loading}</p></Show>}>
          <p data-completeness="whole"><b>{wholeLine(storeys(), text())}</b></p>
          <div class="segments" role="group">
            <button type="button" aria-pressed={!byNeed()} onClick={() => setByNeed(false)}>{text().completeness.asBuilt}</button>
            <button type="button" aria-pressed={byNeed()} onClick={() => setByNeed(true)}>{text().completeness.worstFirst}</button>
          </div>
          <ul class="source-list"><For each={listed()}>{(s) => <StoreyRow storey={s} isOnly={storeys().length === 1} />}</For></ul>
        </Show>
        <SameTable id={building() as string} />
      </Show>
    </section>
  );
}

function StoreyRow(props: { storey: StoreyCompleteness; isOnly: boolean }): JSX.Element {
  const ui = useUi();
  return (
    <li class="source-row" data-completeness={props.storey.id}>
      <button type="button" class="storey-jump" onClick={() => ui.setStorey(props.storey.id)}>{ui.nameOf(props.storey.id)}</button>
      <span class="door-share" classList={{ unknown: doorShare(props.storey) === null }} role="img" aria-label={shareText(props.storey, text())} title={shareText(props.storey, text())}>
        <span style={{ width: `${100 * (doorShare(props.storey) ?? 0)}%` }} />
      </span>
      <ul class="source-facts"><For each={completenessLines(props.storey, props.isOnly, text())}>{(line) => <li>{line}</li>}</For></ul>
    </li>
  );
}
