// What a printed plan must say of itself: of when, by whom, until when, and every room in
// words, because paper has neither colour nor a live age; and whom not to rely on.

import { For, Show, type JSX } from 'solid-js';
import { estimateOf } from '../model/api.ts';
import { clockText } from '../model/age.ts';
import { DOUBT_FLAGS, DOUBT_MARK } from '../model/doubt.ts';
import { shown } from '../model/estimate.ts';
import { healthFacts, healthText } from '../model/healthWords.ts';
import { quantity } from '../model/quantity.ts';
import { sourceName } from '../model/source.ts';
import { areaLabel, intervalText } from '../model/words.ts';
import { fromWords, OwnerLine } from './Contact.tsx';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

/** Paper cannot be updated: it is for the hour it was made for. */
const VALID_MS = 3_600_000;

export function PrintHead(): JSX.Element {
  const ui = useUi();
  const link = ui.picture.connection;
  const day = (ms: number) => `${new Date(ms).toLocaleDateString(text().locale)} ${clockText(ms)}`;
  const taken = () => (link.common_ms() ?? link.now_ms()) - link.offset_ms();
  return (
    <div class="print-only print-head">
      <h1>{text().print.title}: {ui.nameOf(ui.currentStorey()?.id ?? '')}, {text().quantity[ui.quantity()]}</h1>
      <p>{text().print.at(day(taken()))} ({text().connection[link.state()]}) · {text().print.by(ui.picture.session()?.name ?? '')} · <b>{text().print.until(day(taken() + VALID_MS))}</b></p>
      <OwnerLine />
      <p><b>{text().print.secret}</b></p>
    </div>
  );
}

export function PrintTable(): JSX.Element {
  const ui = useUi();
  const q = () => quantity(ui.quantity());
  const ids = () => ui.picture.plans[ui.currentStorey()?.id ?? '']?.[q().on === 'portal' ? 'portals' : 'spaces'] ?? [];
  return (
    <table class="print-only print-table">
      <thead>
        <tr><th>{text().detail[q().on === 'portal' ? 'portal' : 'space']}</th><th>{text().why.value}</th><th>{text().print.status}</th><th>{text().print.interval}</th><th>{text().print.age}</th></tr>
      </thead>
      <tbody>
        <For each={ids()}>
          {(id) => {
            const estimate = () => estimateOf(ui.picture.twins[id], q().id);
            const s = () => shown(estimate(), ui.picture.connection.now_ms(), q().staleAfter_s, q());
            const label = () => areaLabel(q(), s(), text(), estimate()?.alternatives);
            return (
              <tr>
                <th>{ui.nameOf(id)}</th>
                <td>{label().value}</td>
                <td>{[text().look[s().look], ...DOUBT_FLAGS.filter((flag) => estimate()?.flags?.includes(flag)).map((flag) => text().flag[flag]), ...fromWords(ui, estimate(), null)].join('; ')}</td>
                <td>{intervalText(s().interval, q().unit, q().decimals, text())}</td>
                <td><Show when={label().age}>{text().ago(label().age)}</Show></td>
              </tr>
            );
          }}
        </For>
      </tbody>
    </table>
  );
}

/** The sources in doubt that speak of the storey on paper. */
export function PrintDoubts(): JSX.Element {
  const ui = useUi();
  const here = () => (ui.sources.doubtful() ?? []).filter((h) => ui.picture.storeyOf(h.entity) === ui.currentStorey()?.id);
  return (
    <Show when={here().length > 0}>
      <div class="print-only print-doubts">
        <h2>{text().sources.doubtfulTitle}</h2>
        <ul>
          <For each={here()}>
            {(h) => <li>{DOUBT_MARK} {ui.nameOf(h.entity)}, {text().attribute[h.attribute] ?? h.attribute}: {sourceName(h.source)}, {[healthText(h, ui.picture.connection.now_ms(), text()), ...healthFacts(h, text())].join(', ')}</li>}
          </For>
        </ul>
      </div>
    </Show>
  );
}
