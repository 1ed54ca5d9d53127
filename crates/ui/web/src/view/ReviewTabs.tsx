// What waits for a person to decide: which things are the same, and where sensors stand.

import { Show, type JSX } from 'solid-js';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

export function ReviewTabs(): JSX.Element {
  const ui = useUi();
  return (
    <div class="segments belief-tabs" role="group">
      <Show when={ui.city.hasIdentities()}><button type="button" aria-pressed={ui.panel() === 'identities'} onClick={() => ui.setPanel('identities')}>{text().nav.identities}</button></Show>
      <Show when={ui.city.hasPoints()}><button type="button" aria-pressed={ui.panel() === 'points'} onClick={() => ui.setPanel('points')}>{text().nav.points}</button></Show>
    </div>
  );
}

/** How the building is told: what its files say wrong, and what they leave open. */
export function ToldTabs(): JSX.Element {
  const ui = useUi();
  return (
    <Show when={ui.city.hasCompleteness()}>
      <div class="segments belief-tabs" role="group">
        <button type="button" aria-pressed={ui.panel() === 'findings'} onClick={() => ui.setPanel('findings')}>{text().nav.findings}</button>
        <button type="button" aria-pressed={ui.panel() === 'completeness'} onClick={() => ui.setPanel('completeness')}>{text().nav.completeness}</button>
      </div>
    </Show>
  );
}
