// One area of a plan in one of the looks: colour from the quantity, texture and edge from
// what kind of knowledge it is.

import { createUniqueId, Show, type JSX } from 'solid-js';
import type { Shown } from '../model/estimate.ts';
import type { QuantityId } from '../model/quantity.ts';
import { patternFill } from './Patterns.tsx';

interface Props {
  path: string;
  shown: Shown;
  quantity: QuantityId;
  patterns: string;
  selected?: boolean;
}

export function Area(props: Props): JSX.Element {
  const clip = createUniqueId();
  return (
    <g
      class={`area look-${props.shown.look} q-${props.quantity} step-${props.shown.step ?? 'none'}`}
      classList={{ alarm: props.shown.alarm, selected: props.selected ?? false }}
    >
      <path class="base" d={props.path} fill-rule="evenodd" />
      <path class="over" d={props.path} fill-rule="evenodd" fill={patternFill(props.patterns, props.shown.look)} />
      <Show when={props.shown.look === 'old'}>
        <clipPath id={clip}><path d={props.path} clip-rule="evenodd" /></clipPath>
        <g clip-path={`url(#${clip})`}>
          <path class="fade fade-1" d={props.path} />
          <path class="fade fade-2" d={props.path} />
          <path class="fade fade-3" d={props.path} />
        </g>
      </Show>
      <path class="wall" d={props.path} />
      <path class="edge" d={props.path} />
    </g>
  );
}
