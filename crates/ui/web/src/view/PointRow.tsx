// One point: its name, what it is taken for and why, what it said last; and putting it
// right.

import { createMemo, createSignal, createUniqueId, For, Show, type JSX } from 'solid-js';
import { ageSeconds, ageText } from '../model/age.ts';
import { alarmsNowhere, canConfirm, decide, lastText, mappingText, placeLabel, placeMeant, surenessOf, type MappedPoint, type NamedPlace, type PointDecision } from '../model/points.ts';
import { unitText } from '../model/words.ts';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

/** What a sensor in a room or at a door can tell. */
const MEASURED = ['smoke', 'temperature', 'co2', 'humidity', 'occupancy', 'motion', 'phones', 'ventilation', 'open', 'passages', 'serviceState', 'passable'] as const;

interface Props { point: MappedPoint; isPicked: boolean; onPick: (isPicked: boolean) => void; mayDecide: boolean; send: (points: PointDecision[]) => Promise<string> }

export function PointRow(props: Props): JSX.Element {
  const ui = useUi();
  const [editing, setEditing] = createSignal(false);
  const [problem, setProblem] = createSignal('');
  const p = () => props.point;
  const isAlarm = () => alarmsNowhere([p()]).length > 0;
  const ago = (time: string | null | undefined) => {
    const age_s = ageSeconds(time ?? undefined, ui.picture.connection.now_ms());
    return age_s === null ? text().ageUnknown : text().ago(ageText(age_s, text().age));
  };
  const age = () => ago(p().lastTime);
  const since = () => (p().alarmSince ? text().points.alarmSince(ago(p().alarmSince)) : text().points.retained);
  const facts = () => [
    p().state === 'unmapped' ? '' : text().points.sure(surenessOf(p(), text())),
    p().last ? text().points.last(lastText(p(), text()), p().last?.retained ? text().points.retained : age()) : p().state === 'confirmed' ? '' : lastText(p(), text()),
  ];
  const send = async (decision: PointDecision) => {
    setProblem(await props.send([decision]));
    if (problem() === '') setEditing(false);
  };
  return (
    <li class="source-row point" data-point={p().id} data-state={p().state} classList={{ alarming: isAlarm() }}>
      <div class="point-head">
        <Show when={props.mayDecide}><label class="tick"><input type="checkbox" aria-label={text().points.pick(p().point)} checked={props.isPicked} onChange={(e) => props.onPick(e.currentTarget.checked)} /></label></Show>
        <div>
          <code>{p().point}</code>
          <Show when={isAlarm()}><p class="problem">{text().points.alarm}, {text().points.locationUnknown}, {since()}</p></Show>
          <p data-mapping><b>{mappingText({ ...p(), unit: unitText(p().unit) }, text())}</b><Show when={p().state !== 'unmapped'}> · {text().points.state[p().state]}</Show></p>
          <p class="source-facts">{[...facts(), p().reason || text().points.noReason].filter(Boolean).join(' · ')}</p>
        </div>
      </div>
      <Show when={props.mayDecide}>
        <div class="claim-buttons">
          <Show when={p().state !== 'confirmed' && canConfirm(p())}><button type="button" data-act="confirm" onClick={() => void send(decide(p(), 'confirmed'))}>{text().points.confirm}</button></Show>
          <button type="button" data-act="edit" aria-expanded={editing()} onClick={() => setEditing(!editing())}>{text().points.edit}</button>
          <Show when={p().state !== 'ignored'}><button type="button" data-act="ignore" onClick={() => void send(decide(p(), 'ignored'))}>{text().points.ignore}</button></Show>
        </div>
      </Show>
      <Show when={editing()}><PointForm point={p()} onSave={(d) => void send(d)} /></Show>
      <p class="problem" role="alert">{problem()}</p>
    </li>
  );
}

function PointForm(props: { point: MappedPoint; onSave: (d: PointDecision) => void }): JSX.Element {
  const ui = useUi();
  const places = createMemo<NamedPlace[]>(() =>
    Object.values(ui.picture.plans).flatMap((plan) => plan.spaces.map((id) => ({ id, name: ui.nameOf(id), storey: ui.nameOf(plan.id) }))),
  );
  const [place, setPlace] = createSignal(props.point.observes?.id ?? '');
  const [attribute, setAttribute] = createSignal(props.point.attribute ?? '');
  const [unit, setUnit] = createSignal(props.point.unit ?? '');
  const [problem, setProblem] = createSignal('');
  const list = createUniqueId();
  const save = (event: Event) => {
    event.preventDefault();
    const observes = placeMeant(place(), places());
    if (observes === null) return setProblem(text().points.noSuchPlace);
    props.onSave({ id: props.point.id, observes, attribute: attribute() || null, unit: unit().trim() || null, state: 'confirmed' });
  };
  return (
    <form class="set-aside-form" data-form="point" onSubmit={save}>
      <label>{text().points.place}<input name="place" required maxlength="500" autocomplete="off" list={list} value={place()} onInput={(e) => setPlace(e.currentTarget.value)} /></label>
      <datalist id={list}><For each={places()}>{(p) => <option value={placeLabel(p)} />}</For></datalist>
      <Show when={ui.selected()}>{(id) => <button type="button" data-act="use-selected" onClick={() => setPlace(id())}>{text().points.useSelected(ui.nameOf(id()))}</button>}</Show>
      <label>{text().points.attribute}
        <select name="attribute" required onChange={(e) => setAttribute(e.currentTarget.value)}>
          <option value="" selected={attribute() === ''}>{text().points.choose}</option>
          <For each={MEASURED}>{(name) => <option value={name} selected={attribute() === name}>{text().attribute[name]}</option>}</For>
        </select>
      </label>
      <label>{text().points.unit}<input name="unit" maxlength="20" autocomplete="off" value={unit()} onInput={(e) => setUnit(e.currentTarget.value)} /></label>
      <p class="problem" role="alert">{problem()}</p>
      <button type="submit">{text().points.save}</button>
    </form>
  );
}
