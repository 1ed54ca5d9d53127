// New alarms are spoken at once, wherever in the building they are and whatever is on
// screen. What is drawn is on the plan and in the storeys' badges; this is for the ear.

import { createEffect, createMemo, createSignal, For, on, Show, type JSX } from 'solid-js';
import { safetyLook } from '../model/storey.ts';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

const LOOK_EVERY_MS = 2000;

export function AlarmVoice(): JSX.Element {
  const ui = useUi();
  const [said, say] = createSignal('');
  const slow = createMemo(() => Math.floor(ui.picture.connection.now_ms() / LOOK_EVERY_MS));
  const alarming = createMemo(on(slow, () => {
    const now_ms = ui.picture.connection.now_ms();
    const spaces = Object.values(ui.picture.plans).flatMap((plan) => plan.spaces);
    return spaces.filter((id) => {
      const twin = ui.picture.twins[id];
      return twin !== undefined && safetyLook(twin, now_ms).alarm;
    });
  }));
  createEffect(on(alarming, (now, before) => {
    const fresh = now.filter((id) => !before?.includes(id));
    if (fresh.length > 0) say(text().alarm(fresh.map((id) => placeOf(id)).join('; ')));
  }));
  createEffect(on(() => ui.city.nowhere().map((p) => p.point), (now, before) => {
    const fresh = now.filter((name) => !before?.includes(name));
    if (fresh.length > 0) say(text().points.nowhereSaid(fresh.join('; ')));
  }));
  return <div class="sr-only" role="alert">{said()}</div>;

  function placeOf(id: string): string {
    const storey = ui.picture.storeyOf(id);
    return storey ? `${ui.nameOf(id)}, ${ui.nameOf(storey)}` : ui.nameOf(id);
  }
}

const NAMED_MAX = 2;

/** Sensors that raise an alarm while nobody knows where they are: a smouldering place that
    is on no plan must not be on no screen. */
export function NowhereBanner(): JSX.Element {
  const ui = useUi();
  const alarms = () => ui.city.nowhere();
  return (
    <Show when={alarms().length > 0}>
      <div class="nowhere" data-nowhere={alarms().length}>
        <b>{text().points.nowhere(alarms().length)}</b>
        <For each={alarms().slice(0, NAMED_MAX)}>{(p) => <code>{p.point}</code>}</For>
        <Show when={ui.city.hasPoints()}><button type="button" onClick={() => ui.setPanel('points')}>{text().points.review}</button></Show>
      </div>
    </Show>
  );
}
