// The key: the steps of the quantity on screen, and every look with its meaning.

import { For, type JSX } from 'solid-js';
import { LOOKS, MARKS, type Look, type Shown } from '../model/estimate.ts';
import { quantity, type Quantity, type QuantityId } from '../model/quantity.ts';
import { numberText } from '../model/words.ts';
import { Area } from './Area.tsx';
import { ContactSign } from './Contact.tsx';
import { DoubtMark } from './Label.tsx';
import { Patterns } from './Patterns.tsx';
import { prefs, text } from './prefs.ts';

const VALUELESS: ReadonlySet<Look> = new Set<Look>(['unknown', 'absent', 'withheld', 'notApplicable']);

export function sampleShown(look: Look, step: Shown['step'] = 0, alarm = false): Shown {
  return { look, mark: MARKS[look], value: undefined, interval: null, probability: null, age_s: null, step: VALUELESS.has(look) ? null : step, alarm };
}

export function Scale(props: { quantity: QuantityId }): JSX.Element {
  const q = () => quantity(props.quantity);
  return (
    <div class="scale" aria-label={text().quantity[props.quantity]}>
      <For each={[0, 1, 2, 3, 4] as const}>
        {(step) => (
          <span class="scale-step">
            <svg width="30" height="16" aria-hidden="true"><Area path="M1 1H29V15H1Z" shown={sampleShown('observed', step)} quantity={props.quantity} patterns="key" /></svg>
            <span>{stepText(q(), step)}</span>
          </span>
        )}
      </For>
    </div>
  );
}

function stepText(q: Quantity, step: 0 | 1 | 2 | 3 | 4): string {
  const t = text();
  if (q.form === 'boolean') {
    const words = t.state[q.id === 'smoke' ? 'smoke' : 'open'];
    return step === 0 ? words.no : step === 4 ? words.yes : '';
  }
  const factor = q.form === 'probability' ? 100 : 1;
  const bound = (i: number) => numberText((q.bounds[i] as number) * factor, 0, t);
  if (step === 0) return q.form === 'count' && q.bounds[0] === 1 ? numberText(0, 0, t) : `<${bound(0)}`;
  return step === 4 ? `≥${bound(3)} ${q.unit}` : `${bound(step - 1)}`;
}

export function Key(props: { quantity: QuantityId; full: boolean }): JSX.Element {
  return (
    <div class="key" data-language={prefs.language()}>
      <Scale quantity={props.quantity} />
      <ul class="key-looks" classList={{ shown: props.full }}>
        <For each={LOOKS}>
          {(look) => (
            <li>
              <LookSample look={look} quantity={props.quantity} />
              <span><b>{text().look[look]}</b><br />{text().lookMeaning[look]}</span>
            </li>
          )}
        </For>
        <li>
          <svg class="look-sample" width="56" height="36" viewBox="-28 -18 56 36" aria-hidden="true"><DoubtMark /></svg>
          <span><b>{text().doubt.title}</b><br />{text().doubt.meaning}</span>
        </li>
        <li>
          <span class="key-contact"><ContactSign state="outOfContact" /></span>
          <span><b>{text().links.outOfContact}</b><br />{text().links.outOfContactMeaning}</span>
        </li>
      </ul>
    </div>
  );
}

export function LookSample(props: { look: Look; quantity: QuantityId }): JSX.Element {
  return (
    <svg class="look-sample" width="56" height="36" aria-hidden="true">
      <Patterns id="key" scale={1} />
      <Area path="M3 3H53V33H3Z" shown={sampleShown(props.look, 2)} quantity={props.quantity} patterns="key" />
      <g class={`label look-${props.look}`}><text class="mark" x="28" y="24">{MARKS[props.look]}</text></g>
    </svg>
  );
}
