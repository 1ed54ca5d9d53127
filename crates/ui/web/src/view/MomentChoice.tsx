// Choosing another time than now: as it was at, as known at.

import { createSignal, createUniqueId, For, Show, type JSX } from 'solid-js';
import { clockText } from '../model/age.ts';
import { fromTyped, isNow, NOW, toTyped, type Moment } from '../model/moment.ts';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

/** One tap away: minutes from now. */
const STEPS_MIN = [-60, -10, 15] as const;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export function MomentChoice(props: { moment: Moment; onChoose: (moment: Moment) => void }): JSX.Element {
  const ui = useUi();
  const link = ui.picture.connection;
  const [open, setOpen] = createSignal(false);
  const id = createUniqueId();
  // People read and type their own device's clock; the node is asked by its own.
  const typed = (ms: number | null) => toTyped(ms === null ? null : ms - link.offset_ms());
  const meant = (value: string) => {
    const ms = fromTyped(value);
    return ms === null ? null : ms + link.offset_ms();
  };
  const toggle = () => {
    setOpen(!open());
    if (!open()) props.onChoose(NOW);
  };
  return (
    <div class="moment">
      <button type="button" aria-expanded={open()} aria-controls={id} data-moment="toggle" onClick={toggle}>{open() ? text().moment.backToNow : text().moment.another}</button>
      <Show when={open()}>
        <div class="moment-choice" id={id}>
          <div class="moment-steps">
            <For each={STEPS_MIN}>{(by) => <button type="button" data-moment={by} onClick={() => props.onChoose({ ...props.moment, at_ms: link.stamp_ms() + by * MINUTE_MS })}>{text().moment.step(by)}</button>}</For>
          </div>
          <label>{text().moment.at}<input type="datetime-local" step="1" name="at" value={typed(props.moment.at_ms)} onChange={(e) => props.onChoose({ ...props.moment, at_ms: meant(e.currentTarget.value) })} /></label>
          <label>{text().moment.knownAt}<input type="datetime-local" step="1" name="knownAt" value={typed(props.moment.known_ms)} onChange={(e) => props.onChoose({ ...props.moment, known_ms: meant(e.currentTarget.value) })} /></label>
          <p class="hint">{isNow(props.moment) ? text().moment.help : text().moment.frozen}</p>
        </div>
      </Show>
    </div>
  );
}

/** `As it was at 12:03:10, as known at 12:05:00`. */
export function momentText(moment: Moment, offset_ms: number): string {
  const t = text().moment;
  const when = (ms: number | null) => (ms === null ? t.now : dayClockText(ms, offset_ms));
  const isAhead = moment.at_ms !== null && moment.at_ms - offset_ms > Date.now();
  return `${(isAhead ? t.asWillBe : t.asWas)(when(moment.at_ms))}, ${t.asKnown(when(moment.known_ms))}`;
}

/** The reader's clock at a moment of the node's, with the day where it may not be today. */
export function dayClockText(ms: number, offset_ms: number): string {
  const local_ms = ms - offset_ms;
  const isNear = Math.abs(Date.now() - local_ms) < DAY_MS / 2;
  return isNear ? clockText(local_ms) : `${new Date(local_ms).toLocaleDateString(text().locale)} ${clockText(local_ms)}`;
}
