// A door or opening on the plan: two jambs, a leaf that says by its shape whether it
// stands open, and an arrow where it leads out of the building.

import { createMemo, Show, type JSX } from 'solid-js';
import { estimateOf, joinedBy, type Estimate, type Twin, type Value } from '../model/api.ts';
import { doubtsOf } from '../model/doubt.ts';
import { isDecided, shown, type Shown } from '../model/estimate.ts';
import { doorShape, labelSpot, lineOf, ringsOf, type DoorShape } from '../model/geometry.ts';
import { quantity, STALE_AFTER_S } from '../model/quantity.ts';
import { spokenEstimate } from '../model/words.ts';
import { Area } from './Area.tsx';
import { fromWords } from './Contact.tsx';
import { DoubtMark } from './Label.tsx';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

interface Props { twin: Twin; scale: number; onPick: (id: string) => void; leastCertain: boolean }

/** Drawn depth of a door in metres: an ordinary wall and a little more, so that the gap
    cuts both wall lines. */
const DEPTH_M = 0.34;
const TOUCH_PX = 24;
/** A door's lozenge is smaller than a room's, and stands clear of the leaf. */
const DOUBT_SIZE = 0.7;
const DOUBT_BELOW_PX = 22;

export function Door(props: Props): JSX.Element {
  const ui = useUi();
  const shape = createMemo(() => {
    const line = lineOf(estimateOf(props.twin, 'span')?.value);
    return line && doorShape(line);
  });
  const show = (attribute: string): Shown =>
    shown(estimateOf(props.twin, attribute), ui.picture.connection.now_ms(), STALE_AFTER_S[attribute] ?? null, attribute === 'open' ? quantity('open') : undefined);
  const open = createMemo(() => show('open'));
  const passable = createMemo(() => show('passable'));
  const q = () => quantity(ui.quantity());
  const coloured = createMemo<Shown | null>(() =>
    q().on === 'space' ? null : shown(estimateOf(props.twin, q().id), ui.picture.connection.now_ms(), q().staleAfter_s, q()),
  );
  const undecided = (s: Shown) => !isDecided('', s.value, s.probability);
  const blocked = () => passable().value === false || undecided(passable());
  const kind = () => String(estimateOf(props.twin, 'portalKind')?.value ?? 'door');
  /** Where rooms merely touch there is nothing built, and nothing to draw jambs of. */
  const isBuilt = () => kind() !== 'openContact' && kind() !== 'stairLink';
  const exit = () => isTrue(estimateOf(props.twin, 'isExternal')) || isTrue(estimateOf(props.twin, 'fireExit'));
  const inDoubt = createMemo(() => doubtsOf(props.twin).length > 0 || ui.sources.places().has(props.twin.id));
  const name = () => ui.nameOf(props.twin.id);
  const spoken = createMemo(() => {
    const say = (attribute: string, s: Shown) => {
      const estimate = estimateOf(props.twin, attribute);
      return [spokenEstimate(text().attribute[attribute] ?? attribute, estimate, s, '', 0, text(), attribute), ...fromWords(ui, estimate, s.age_s)].join(', ');
    };
    return `${name()}. ${say('open', open())}. ${say('passable', passable())}${inDoubt() ? `. ${text().doubt.title}` : ''}`;
  });
  return (
    <Show when={shape()}>
      {(door) => (
        <g
          class="door"
          classList={{ selected: ui.selected() === props.twin.id, blocked: blocked(), 'least-certain': props.leastCertain }}
          role="button"
          tabindex="-1"
          aria-label={spoken()}
          aria-pressed={ui.selected() === props.twin.id}
          data-id={props.twin.id}
          data-look={(coloured() ?? open()).look}
          transform={`translate(${door().middle[0]} ${door().middle[1]}) rotate(${door().angle_deg})`}
          on:click={() => props.onPick(props.twin.id)}
        >
          <title>{spoken()}</title>
          <circle class="touch" r={Math.min(TOUCH_PX, Math.max(TOUCH_PX / 2, door().width * props.scale * 0.6)) / props.scale} />
          <Show when={isBuilt()}><rect class="gap" x={-door().width / 2} y={-DEPTH_M / 2} width={door().width} height={DEPTH_M} /></Show>
          <Show when={coloured()}>
            {(s) => <Area path={box(door())} shown={s()} quantity={ui.quantity()} patterns="plan" />}
          </Show>
          <Show when={!isBuilt()}><path class="contact" d={`M${-door().width / 2} 0H${door().width / 2}`} /></Show>
          <path class="jamb" classList={{ faint: !isBuilt() }} d={`M${-door().width / 2} ${-DEPTH_M / 2}V${DEPTH_M / 2}M${door().width / 2} ${-DEPTH_M / 2}V${DEPTH_M / 2}`} />
          <Show when={kind() === 'door' || kind() === 'liftDoor'}>
            <path class={`leaf look-${undecided(open()) ? 'unknown' : open().look}`} d={leaf(door(), undecided(open()) ? undefined : open().value)} />
          </Show>
          <Show when={blocked()}>
            <path class={`block look-${undecided(passable()) ? 'conflicting' : passable().look}`} transform={`scale(${1 / props.scale})`} d="M-9 -9L9 9M9 -9L-9 9" />
          </Show>
          <Show when={props.leastCertain}><circle class="check-ring" r={17 / props.scale} /></Show>
          <Show when={(coloured()?.mark ?? '') !== '' && door().width * props.scale > 22}>
            <text class="door-mark" transform={`rotate(${-door().angle_deg}) scale(${1 / props.scale})`} y="-14">{coloured()?.mark}</text>
          </Show>
          <Show when={inDoubt()}><g class="doubt-sign" transform={`rotate(${-door().angle_deg}) scale(${DOUBT_SIZE / props.scale}) translate(0 ${DOUBT_BELOW_PX})`}><DoubtMark /></g></Show>
          <Show when={exit()}>
            <g transform={`rotate(${outward(door(), props.twin)}) scale(${1 / props.scale})`}>
              <path class="exit" d="M-8 14H-4V10H4V14H8L0 24Z" />
            </g>
          </Show>
        </g>
      )}
    </Show>
  );

  /** The room's side is where its label is; the arrow points to the other. */
  function outward(door: DoorShape, twin: Twin): number {
    const space = joinedBy(twin).map((id) => ui.picture.twins[id]).find((t) => t && ringsOf(estimateOf(t, 'footprint')?.value));
    const spot = space && labelSpot(ringsOf(estimateOf(space, 'footprint')?.value) ?? []);
    if (!spot) return 0;
    const turn = (-door.angle_deg * Math.PI) / 180;
    const [dx, dy] = [spot.at[0] - door.middle[0], spot.at[1] - door.middle[1]];
    return dx * Math.sin(turn) + dy * Math.cos(turn) > 0 ? 180 : 0;
  }
}

function isTrue(estimate: Estimate | undefined): boolean {
  return estimate?.value === true && estimate.status !== 'withheld';
}

function box(door: DoorShape): string {
  const [w, d] = [door.width / 2, DEPTH_M / 2];
  return `M${-w} ${-d}H${w}V${d}H${-w}Z`;
}

/** Closed lies in the wall, open stands out of it with its arc; what is not known is a
    dotted line in the wall (see the style), never a closed door. */
function leaf(door: DoorShape, open: Value | undefined): string {
  const w = door.width;
  if (open === true) return `M${-w / 2} 0V${-w}A${w} ${w} 0 0 1 ${w / 2} 0`;
  return `M${-w / 2} 0H${w / 2}`;
}
