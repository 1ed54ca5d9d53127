// Whether the picture is live, and if not, how old it is. Always on screen.

import { Show, type JSX } from 'solid-js';
import { ageText, clockText } from '../model/age.ts';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

/** Smaller deviations of a tablet's clock are usual and corrected silently. */
const CLOCK_WORTH_SAYING_MS = 5000;

export function ConnectionView(): JSX.Element {
  const ui = useUi();
  const link = ui.picture.connection;
  const words = () => text().connection;
  const common = () => link.common_ms();
  const age = () => ageText(Math.max(0, (link.now_ms() - (common() ?? link.now_ms())) / 1000), text().age);
  return (
    <div class={`connection ${link.state()}`} role="status" data-connection={link.state()}>
      <span class="dot" aria-hidden="true" />
      <span class="connection-words">
        <b>{words()[link.state()]}</b>
        <Show when={link.state() === 'live'}><span class="clock">{clockText(link.now_ms() - link.offset_ms())}</span></Show>
        <Show when={link.state() === 'reconnecting' && link.lost_ms() !== null}>
          <span>{words().since(clockText((link.lost_ms() as number) - link.offset_ms()))}</span>
        </Show>
        <Show when={link.state() === 'reconnecting' && common() !== null}>
          <span class="common">{words().lastCommon(clockText((common() as number) - link.offset_ms()))} · {age()}</span>
        </Show>
        <Show when={link.state() === 'live' && !link.ready()}><span>{words().readOnly}</span></Show>
        <Show when={Math.abs(link.offset_ms()) > CLOCK_WORTH_SAYING_MS}><span>{words().clockOff(ageText(Math.abs(link.offset_ms()) / 1000, text().age))}</span></Show>
        <Show when={ui.outbox.queued() > 0}><b>{words().queued(ui.outbox.queued())}</b></Show>
      </span>
    </div>
  );
}

export function OldPictureBanner(): JSX.Element {
  const ui = useUi();
  return (
    <Show when={ui.picture.connection.state() === 'reconnecting'}>
      <div class="old-picture" role="alert">{text().connection.oldPicture}</div>
    </Show>
  );
}
