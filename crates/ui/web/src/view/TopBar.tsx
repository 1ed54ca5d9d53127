// Building, quantity, connection and the few switches that are always at hand.

import { For, Show, type JSX } from 'solid-js';
import { COUNTED_MAX } from '../live/city.ts';
import { DOUBT_MARK } from '../model/doubt.ts';
import { QUANTITIES } from '../model/quantity.ts';
import { ContactSign } from './Contact.tsx';
import { ConnectionView } from './Connection.tsx';
import { Icon } from './Icon.tsx';
import { prefs, text } from './prefs.ts';
import { useUi, type Panel } from './ui.ts';

export function TopBar(): JSX.Element {
  const ui = useUi();
  const many = () => (ui.picture.buildings()?.length ?? 0) > 1;
  const nameOf = (b: { id: string; name?: { value?: unknown } }) => (typeof b.name?.value === 'string' ? b.name.value : `${text().detail.building} ${b.id.slice(-6)}`);
  const toggle = (panel: Panel) => ui.setPanel(ui.panel() === panel ? null : panel);
  const waiting = () => ui.city.waiting();
  const waitingCount = () => (waiting().identities ?? 0) + (waiting().points ?? 0);
  const isReviewing = () => ui.panel() === 'identities' || ui.panel() === 'points';
  const contacts = () => {
    const { own, away, isAsked, members } = ui.organisations;
    if (!own() || (members()?.length ?? 0) === 0) return text().links.none;
    return !isAsked() ? text().links.contactUnknown : away().length > 0 ? text().links.away(away().length) : text().links.allHere;
  };
  const open = (id: string) => {
    ui.select(null);
    ui.setRoutes(null);
    ui.setStorey(undefined);
    void ui.picture.openBuilding(id).catch(() => undefined);
  };
  return (
    <header class="topbar">
      <div class="building-name">
        <Show when={many()} fallback={<h1>{ui.picture.building() ? nameOf(ui.picture.building() as never) : 'Twinternet'}</h1>}>
          <select aria-label={text().nav.building} onChange={(e) => open(e.currentTarget.value)}>
            <For each={ui.picture.buildings()}>{(b) => <option value={b.id} selected={b.id === ui.picture.building()?.id}>{nameOf(b)}</option>}</For>
          </select>
        </Show>
      </div>
      <div class="seek">
        <button type="button" class="square" data-panel="find" title={`${text().nav.find} (/)`} aria-label={text().nav.find} aria-pressed={ui.panel() === 'find'} onClick={() => toggle('find')}><Icon name="find" /></button>
        <button type="button" data-panel="links" title={contacts()} aria-label={`${text().nav.links}: ${contacts()}`} aria-pressed={ui.panel() === 'links'} onClick={() => toggle('links')}>
          <Icon name="links" />
          <Show when={ui.organisations.away().length > 0}><span class="count count-away"><ContactSign state="outOfContact" />{ui.organisations.away().length}</span></Show>
        </button>
      </div>
      <ConnectionView />
      <div class="tools">
        <button type="button" title={`${text().nav.findings} (F)`} aria-label={text().nav.findings} aria-pressed={ui.panel() === 'findings' || ui.panel() === 'completeness'} onClick={() => toggle('findings')}>
          <span class="wide-only">{text().nav.findings}</span><span class="narrow-only"><Icon name="findings" /></span>
          <Show when={(ui.picture.findings()?.length ?? 0) > 0}><span class="count count-findings">{ui.picture.findings()?.length}</span></Show>
        </button>
        <button type="button" data-panel="sources" aria-pressed={ui.panel() === 'sources' || ui.panel() === 'calibration'} onClick={() => toggle('sources')}>
          {text().nav.sources}
          <Show when={(ui.sources.doubtful()?.length ?? 0) > 0}><span class="count" title={text().doubt.title}>{DOUBT_MARK}{ui.sources.doubtful()?.length}</span></Show>
        </button>
        <Show when={ui.city.hasIdentities() || ui.city.hasPoints()}>
          <button type="button" data-panel="review" title={`${text().nav.review} (R)`} aria-label={text().nav.review} aria-pressed={isReviewing()} onClick={() => ui.setPanel(isReviewing() ? null : ui.city.hasIdentities() && waiting().identities !== 0 ? 'identities' : ui.city.hasPoints() ? 'points' : 'identities')}>
            <span class="wide-only">{text().nav.review}</span><span class="narrow-only"><Icon name="review" /></span>
            <Show when={waitingCount() > 0}><span class="count">{waitingCount()}{(waiting().identities ?? 0) >= COUNTED_MAX ? '+' : ''}</span></Show>
          </button>
        </Show>
        <button type="button" aria-pressed={ui.panel() === 'imports'} onClick={() => toggle('imports')}>{text().nav.imports}</button>
        <button type="button" class="square" title={text().nav.theme} aria-label={text().nav.theme} onClick={() => prefs.setTheme(prefs.theme() === 'light' ? 'night' : 'light')}><Icon name={prefs.theme() === 'light' ? 'night' : 'light'} /></button>
        <button type="button" class="square" title={text().nav.language} aria-label={text().nav.language} onClick={() => prefs.setLanguage(prefs.language() === 'en' ? 'nl' : 'en')}>{prefs.language() === 'en' ? 'NL' : 'EN'}</button>
        <button type="button" class="square help" title={text().nav.help} aria-label={text().nav.help} onClick={() => ui.setHelp(true)}>?</button>
        <button type="button" class="square" title={`${text().login.logout} (${ui.picture.session()?.name ?? ''}, ${text().role[ui.picture.session()?.role ?? ''] ?? ''})`} aria-label={text().login.logout} onClick={() => void ui.picture.logOut()}><Icon name="leave" /></button>
      </div>
    </header>
  );
}

export function QuantitySwitch(): JSX.Element {
  const ui = useUi();
  return (
    <div class="quantities" role="radiogroup" aria-label={text().nav.quantity}>
      <For each={QUANTITIES}>
        {(q) => (
          <button type="button" role="radio" aria-checked={ui.quantity() === q.id} data-quantity={q.id} onClick={() => ui.setQuantity(q.id)}>
            <span class={`hue q-${q.id}`} aria-hidden="true" />{text().quantity[q.id]}
          </button>
        )}
      </For>
    </div>
  );
}
