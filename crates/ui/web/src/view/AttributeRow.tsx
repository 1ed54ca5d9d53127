// One attribute of the selected thing: name, status word, value with interval, age, and
// the claims behind it one click away.

import { createMemo, For, Show, type JSX } from 'solid-js';
import { estimateOf, joinedBy, type Estimate, type Twin } from '../model/api.ts';
import { ageText } from '../model/age.ts';
import { isDecided, shown, type Shown } from '../model/estimate.ts';
import { QUANTITIES, STALE_AFTER_S } from '../model/quantity.ts';
import { decimalsOf, intervalText, percentText, stateText, unitText, valueText } from '../model/words.ts';
import { FromLines } from './Contact.tsx';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';
import { WhyView } from './Why.tsx';

export function AttributeRow(props: { twin: Twin; attribute: string }): JSX.Element {
  const ui = useUi();
  const estimate = () => estimateOf(props.twin, props.attribute);
  const isOpen = () => ui.why() === props.attribute;
  const now = createMemo(() => shown(estimate(), ui.picture.connection.now_ms(), STALE_AFTER_S[props.attribute] ?? null, QUANTITIES.find((q) => q.id === props.attribute)));
  /** People through a door are told with the way they went, not with a sign. */
  const numberOf = (n: number) => {
    if (props.attribute !== 'passages') return undefined;
    const [from, to] = joinedBy(props.twin).map(ui.nameOf);
    return n < 0 ? text().passages(Math.round(-n), to, from) : text().passages(Math.round(n), from, to);
  };
  return (
    <li class="attribute" classList={{ open: isOpen() }} data-attribute={props.attribute} data-look={now().look}>
      <EstimateLine label={text().attribute[props.attribute] ?? props.attribute} attribute={props.attribute} estimate={estimate()} shown={now()} nameOf={ui.nameOf} kindOf={(word) => text().usage[word] ?? text().service[word] ?? word} numberOf={numberOf} />
      <button type="button" class="why-button" aria-expanded={isOpen()} aria-label={`${text().attribute[props.attribute] ?? props.attribute}: ${text().detail.why}`} onClick={() => ui.setWhy(isOpen() ? null : props.attribute)}>
        {isOpen() ? text().detail.hideWhy : text().detail.why}
      </button>
      <FromLines estimate={estimate()} age_s={now().age_s} calm={STALE_AFTER_S[props.attribute] === undefined} />
      <Show when={isOpen()}><WhyView twin={props.twin} attribute={props.attribute} /></Show>
    </li>
  );
}

interface LineProps { label: string; attribute: string; estimate: Estimate | undefined; shown: Shown; nameOf: (id: string) => string; kindOf?: (word: string) => string; numberOf?: (n: number) => string | undefined; ageOf?: (age: string) => string }

export function EstimateLine(props: LineProps): JSX.Element {
  const unit = () => unitText(props.estimate?.unit);
  const decimals = () => decimalsOf(unit());
  const value = () => {
    const v = props.shown.value;
    if (!isDecided(props.attribute, v, props.shown.probability)) return text().state.undecided;
    if (typeof v === 'boolean') return stateText(props.attribute, v, text());
    if (typeof v === 'number') return props.numberOf?.(v) ?? valueText(v, unit(), text(), undefined, decimals());
    return typeof v === 'string' && props.kindOf ? props.kindOf(v) : valueText(v, unit(), text(), props.nameOf);
  };
  /** Of something undecided both chances are told. */
  const chance = () => {
    const p = props.shown.probability as number;
    const v = props.shown.value;
    if (typeof v !== 'boolean' || isDecided(props.attribute, v, p)) return percentText(p, text());
    return [true, false].map((side) => `${stateText(props.attribute, side, text())} ${percentText(side === v ? p : 1 - p, text())}`).join(' · ');
  };
  const disputed = () => (props.shown.look === 'conflicting' ? (props.estimate?.alternatives ?? []) : []);
  /** What the look itself says is not said twice. */
  const flags = () => (props.estimate?.flags ?? []).filter((f) => f !== props.shown.look && f !== 'withheld' && !(f === 'stale' && props.shown.look === 'old'));
  return (
    <div class={`estimate look-${props.shown.look}`} classList={{ alarm: props.shown.alarm }}>
      <span class="estimate-label">{props.label}</span>
      <span class="chip"><span class="chip-mark" aria-hidden="true">{props.shown.mark || '●'}</span>{text().look[props.shown.look]}</span>
      <Show when={props.shown.value !== undefined && disputed().length < 2}>
        <span class="estimate-value">{value()}</span>
      </Show>
      <Show when={disputed().length > 1}>
        <span class="alternatives">
          <For each={disputed()}>{(a) => <span class="alternative"><b>{valueText(a.value, unit(), text(), props.nameOf)}</b> {percentText(a.probability, text())}</span>}</For>
        </span>
      </Show>
      <Show when={props.shown.look === 'withheld'}><span class="estimate-note">{text().detail.withheld}</span></Show>
      <span class="estimate-more">
        <Show when={intervalText(props.shown.interval, unit(), decimals(), text())}>{(range) => <span class="interval">{range()}</span>}</Show>
        <Show when={!props.shown.interval && props.shown.probability !== null && disputed().length < 2}><span class="interval">{chance()}</span></Show>
        <Show when={props.shown.value !== undefined}>
          <span class="age">{props.shown.age_s !== null ? (props.ageOf ?? text().ago)(ageText(props.shown.age_s, text().age)) : text().ageUnknown}</span>
        </Show>
        <Show when={props.shown.value !== undefined && (props.estimate?.sources ?? 0) > 1}><span>{text().detail.sources(props.estimate?.sources ?? 0)}</span></Show>
        <For each={flags()}>{(f) => <b class="flag">{text().flag[f] ?? f}</b>}</For>
      </span>
    </div>
  );
}
