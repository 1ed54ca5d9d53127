// A twin of which only the announcement is here: what it says, and whom to ask for more.

import { For, Show, type JSX } from 'solid-js';
import { distanceText, foundName, foundStanding, identityTexts, toldBy, type Found } from '../model/found.ts';
import { sourceName } from '../model/source.ts';
import { numberText } from '../model/words.ts';
import { ContactLine } from './Contact.tsx';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

const DEGREE_DECIMALS = 5;

export function FoundOwners(props: { found: Found }): JSX.Element {
  const ui = useUi();
  return (
    <For each={props.found.from ?? []}>
      {(from) => {
        const standing = () => foundStanding(from, ui.organisations.standingOf(typeof from === 'string' ? from : from.name));
        return <span class="found-owner" data-from={standing().name}>{text().links.from(standing().name)} · <ContactLine standing={standing()} /></span>;
      }}
    </For>
  );
}

interface Props { found: Found; all: readonly Found[]; onBack: () => void; onAround: (place: NonNullable<Found['place']>) => void }

export function FoundDetail(props: Props): JSX.Element {
  const f = () => props.found;
  const owners = () => toldBy(f());
  const degrees = (place: NonNullable<Found['place']>) => [place.latitude_deg, place.longitude_deg].map((d) => numberText(d, DEGREE_DECIMALS, text())).join(' ; ');
  return (
    <article class="detail" data-announced={f().id}>
      <button type="button" onClick={() => props.onBack()}>{text().find.back}</button>
      <h2>{foundName(f())}</h2>
      <p class="detail-kind">{[text().find.kind[f().kind] ?? f().kind, distanceText(f().distance_m, text())].filter(Boolean).join(' · ')}</p>
      <For each={identityTexts(f(), props.all, text())}>{(same) => <p class="same-as">≟ {same}</p>}</For>
      <h3>{text().find.announced}</h3>
      <dl class="announced">
        <dt>{text().find.address}</dt><dd>{f().address ?? text().look.unknown}</dd>
        <dt>{text().find.place}</dt><dd><Show when={f().place} fallback={text().look.unknown}>{(place) => degrees(place())}</Show></dd>
        <dt>{text().find.toldBy}</dt><dd>{(f().sources ?? []).map(sourceName).join(', ') || text().look.unknown}</dd>
      </dl>
      <div class="set-aside-form" data-ask={owners().join(' ')}>
        <p><b>{text().find.noPlan}</b></p>
        <Show when={owners().length > 0} fallback={<p>{text().find.ownOrNobody}</p>}>
          <p>{text().find.ask(owners().join(', '))}. {text().find.askHow}</p>
          <FoundOwners found={f()} />
        </Show>
      </div>
      <Show when={f().place}>{(place) => <button type="button" data-act="around" onClick={() => props.onAround(place())}>{text().find.around}</button>}</Show>
      <p class="twin-id">{f().id}</p>
    </article>
  );
}
