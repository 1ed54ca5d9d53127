// Whose something is and how one stands with them: a sign told apart by its shape, and the
// same in words.

import { For, Show, type JSX } from 'solid-js';
import { ageText } from '../model/age.ts';
import type { Estimate } from '../model/api.ts';
import { fromText, standingsOf, standingText, type ContactState, type Standing } from '../model/members.ts';
import { text } from './prefs.ts';
import { useUi, type Ui } from './ui.ts';

const DAY_MS = 86_400_000;

/** Two ends joined, two ends with a gap and a stroke through it, two ends and dots. */
const SIGNS: Record<ContactState, string> = {
  inContact: 'M8 9H16',
  outOfContact: 'M8 9H9.5M14.5 9H16M14 2L10 16',
  unknown: 'M10 9H10.1M12 9H12.1M14 9H14.1',
};

export function ContactSign(props: { state: ContactState }): JSX.Element {
  return (
    <svg class="health-sign" width="24" height="18" viewBox="0 0 24 18" aria-hidden="true">
      <circle cx="5" cy="9" r="3" /><circle cx="19" cy="9" r="3" /><path d={SIGNS[props.state]} />
    </svg>
  );
}

/** Hours and minutes of the reader's clock at a time of the node's, with the day where it
    may not be today. */
export function clockOf(ui: Ui): (time: string) => string {
  return (time) => {
    const local = new Date(Date.parse(time) - ui.picture.connection.offset_ms());
    if (Number.isNaN(local.getTime())) return text().look.unknown;
    const clock = [local.getHours(), local.getMinutes()].map((n) => String(n).padStart(2, '0')).join(':');
    return Math.abs(Date.now() - local.getTime()) < DAY_MS / 2 ? clock : `${local.toLocaleDateString(text().locale)} ${clock}`;
  };
}

export function ContactLine(props: { standing: Standing }): JSX.Element {
  const ui = useUi();
  return (
    <span class="contact-line" data-contact={props.standing.state}>
      <ContactSign state={props.standing.state} /> {standingText(props.standing, clockOf(ui), text())}
    </span>
  );
}

/** One line for each organisation that has a part in an estimate. What does not change by
    itself is told calmly: the line at the top warns of the whole building. */
export function FromLines(props: { estimate: Estimate | undefined; age_s: number | null; calm?: boolean }): JSX.Element {
  const ui = useUi();
  const standings = () => standingsOf(props.estimate, ui.organisations.standingOf);
  const age = () => (props.age_s === null ? null : ageText(props.age_s, text().age));
  return (
    <Show when={standings().length > 0}>
      <ul class="from-lines" classList={{ calm: props.calm ?? false }}>
        <For each={standings()}>
          {(s) => <li class="contact-line" data-from={s.name} data-contact={s.state} title={s.title}><ContactSign state={s.state} /> {fromText(s, age(), clockOf(ui), text())}</li>}
        </For>
      </ul>
    </Show>
  );
}

/** The same for the ear, for tooltips and for paper. */
export function fromWords(ui: Ui, estimate: Estimate | undefined, age_s: number | null): string[] {
  const age = age_s === null ? null : ageText(age_s, text().age);
  return standingsOf(estimate, ui.organisations.standingOf).map((s) => fromText(s, age, clockOf(ui), text()));
}

/** Whose the building on screen is, if another's. */
export function OwnerLine(): JSX.Element {
  const ui = useUi();
  const owners = () => standingsOf(ui.picture.building()?.name, ui.organisations.standingOf);
  return (
    <Show when={owners().length > 0}>
      <ul class="owners">
        <For each={owners()}>{(s) => <li data-owner={s.name} data-contact={s.state} title={s.title}>{text().links.owner(s.name)} · <ContactLine standing={s} /></li>}</For>
      </ul>
    </Show>
  );
}
