// The textures of the looks, drawn over (or instead of) the quantity's colour. They are in
// the colour of the paper, so they thin a hue out and never change it. Sizes are in screen
// pixels whatever the zoom.

import type { JSX } from 'solid-js';
import type { Look } from '../model/estimate.ts';

interface Props { id: string; scale: number }

export function patternFill(id: string, look: Look): string {
  return PATTERNED.has(look) ? `url(#${id}-${look})` : 'none';
}

const PATTERNED: ReadonlySet<Look> = new Set<Look>(['inferred', 'predicted', 'assumed', 'conflicting', 'absent', 'withheld']);

export function Patterns(props: Props): JSX.Element {
  const shrink = (turn: number) => `rotate(${turn}) scale(${1 / props.scale})`;
  const name = (look: Look) => `${props.id}-${look}`;
  return (
    <defs>
      <pattern id={name('inferred')} width="10" height="10" patternUnits="userSpaceOnUse" patternTransform={shrink(45)}>
        <rect class="paper" width="5" height="10" />
      </pattern>
      <pattern id={name('predicted')} width="12" height="12" patternUnits="userSpaceOnUse" patternTransform={shrink(0)}>
        <rect class="paper" width="12" height="8" />
      </pattern>
      <pattern id={name('assumed')} width="14" height="14" patternUnits="userSpaceOnUse" patternTransform={shrink(0)}>
        <path class="paper" fill-rule="evenodd" d="M0 0H14V14H0ZM4 7A3 3 0 1 0 10 7A3 3 0 1 0 4 7Z" />
      </pattern>
      <pattern id={name('conflicting')} width="16" height="16" patternUnits="userSpaceOnUse" patternTransform={shrink(0)}>
        <path class="paper" d="M0 0H8V8H0ZM8 8H16V16H8Z" />
      </pattern>
      <pattern id={name('absent')} width="22" height="22" patternUnits="userSpaceOnUse" patternTransform={shrink(0)}>
        <path class="stroke" d="M5 5L17 17M17 5L5 17" />
      </pattern>
      <pattern id={name('withheld')} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform={shrink(0)}>
        <rect class="bar" width="3" height="6" />
      </pattern>
    </defs>
  );
}
