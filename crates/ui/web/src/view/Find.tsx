// Finding a twin by name or address, also one that nobody here has met: what is here with a
// plan is opened, of the rest is shown what was announced and whom to ask.

import { createEffect, createSignal, For, on, onCleanup, onMount, Show, type JSX } from 'solid-js';
import { distanceText, findQuery, foundName, identityTexts, toldBy, type FindAnswer, type Found } from '../model/found.ts';
import { createAsked, problemText } from './asked.ts';
import { FoundDetail, FoundOwners } from './FoundDetail.tsx';
import { openFound } from './openFound.ts';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

/** People type on: the node is asked when they pause. */
const PAUSE_MS = 250;
const SHOWN_MAX = 50;
/** As far as one would send a crew on foot, and a little more. */
const NEAR_M = 2000;

type Place = NonNullable<Found['place']>;

export function FindPanel(): JSX.Element {
  const ui = useUi();
  const [words, setWords] = createSignal(ui.sought());
  const [near, setNear] = createSignal<Place | null>(null);
  const [chosen, setChosen] = createSignal<Found | null>(null);
  let box!: HTMLInputElement;
  let pause: ReturnType<typeof setTimeout> | undefined;
  onMount(() => box.focus());
  onCleanup(() => clearTimeout(pause));
  createEffect(on(words, (now) => {
    clearTimeout(pause);
    pause = setTimeout(() => ui.setSought(now), PAUSE_MS);
  }, { defer: true }));
  const around = () => {
    const place = near();
    return place && { ...place, radius_m: NEAR_M };
  };
  const asked = createAsked<FindAnswer>(() => {
    const query = findQuery(ui.sought(), around());
    return query && `/v1/find?${query}`;
  });
  const all = () => asked.found()?.found ?? [];
  const choose = async (found: Found) => {
    if (!(await openFound(ui, found))) setChosen(found);
  };
  const lookAround = (place: Place) => {
    setNear(place);
    setWords('');
    setChosen(null);
  };
  return (
    <section class="find">
      <form role="search" class="finding-filter" onSubmit={(e) => (e.preventDefault(), ui.setSought(words()))}>
        <input ref={box} type="search" name="find" autocomplete="off" maxlength="200" placeholder={text().find.words} aria-label={text().find.words} value={words()} onInput={(e) => (setWords(e.currentTarget.value), setChosen(null))} />
        <Show when={near()}><button type="button" aria-pressed="true" onClick={() => setNear(null)}>{text().find.near} ✕</button></Show>
      </form>
      <Show when={chosen()} fallback={<Results />}>
        {(found) => <FoundDetail found={found()} all={all()} onBack={() => setChosen(null)} onAround={lookAround} />}
      </Show>
    </section>
  );

  function Results(): JSX.Element {
    return (
      <>
        <Show when={asked.error()}>{(e) => <p class="problem" role="alert">{text().find.failed}: {problemText(e())}</p>}</Show>
        <Show when={findQuery(ui.sought(), around())} fallback={<p class="hint">{text().find.hint}</p>}>
          <Show when={asked.found()} fallback={<Show when={!asked.error()}><p class="hint">{text().why.loading}</p></Show>}>
            <p class="hint" role="status">{text().find.count(all().length)}<Show when={all().length > SHOWN_MAX}> · {text().find.most}</Show></p>
            <ul class="finding-list" data-list="found">
              <For each={all().slice(0, SHOWN_MAX)} fallback={<li class="hint">{text().find.none}</li>}>{(found) => <FoundRow found={found} all={all()} onChoose={() => void choose(found)} />}</For>
            </ul>
          </Show>
        </Show>
      </>
    );
  }
}

function FoundRow(props: { found: Found; all: readonly Found[]; onChoose: () => void }): JSX.Element {
  const ui = useUi();
  const storey = () => {
    const at = ui.picture.storeyOf(props.found.id);
    return at && at !== props.found.id ? ui.nameOf(at) : '';
  };
  const facts = () => [text().find.kind[props.found.kind] ?? props.found.kind, storey(), props.found.name ? (props.found.address ?? '') : '', distanceText(props.found.distance_m, text())];
  return (
    <li class="found-row">
      <button type="button" class="found" data-found={props.found.id} onClick={() => props.onChoose()}>
        <b>{foundName(props.found)}</b>
        <span class="source-facts">{facts().filter(Boolean).join(' · ')}</span>
        <For each={identityTexts(props.found, props.all, text())}>{(same) => <span class="same-as">≟ {same}</span>}</For>
        <Show when={toldBy(props.found).length > 0} fallback={<span class="source-facts">{text().find.own}</span>}><FoundOwners found={props.found} /></Show>
      </button>
    </li>
  );
}
