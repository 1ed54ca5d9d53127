// Who contributes how much: a bar for each source, the weightiest first, with what is
// thought of it.

import { createMemo, For, Show, type JSX } from 'solid-js';
import type { Why } from '../model/api.ts';
import { healthFacts, healthText } from '../model/healthWords.ts';
import { sourceName } from '../model/source.ts';
import { contributions, type Contribution } from '../model/why.ts';
import { percentText } from '../model/words.ts';
import { aboutText, claimText } from './Claims.tsx';
import { ContactLine } from './Contact.tsx';
import { HealthSign } from './HealthSign.tsx';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

interface Props { why: Why; entity: string; attribute: string; whenOf: (time: string | undefined) => string }

export function Contributions(props: Props): JSX.Element {
  const ui = useUi();
  const parts = createMemo(() => contributions(props.why));
  return (
    <>
      <h4>{text().why.contributions}</h4>
      <ul class="contributions">
        <For each={parts()}>
          {(part) => (
            <li class="contribution" data-source={part.source}>
              <span class="contribution-who"><b title={part.source}>{sourceName(part.source)}</b> <span class="claim-source">{text().why.readings(part.readings)}</span></span>
              <span class="contribution-share">{percentText(part.weight, text())}</span>
              <span class="weight-bar" aria-hidden="true"><span style={{ width: `${Math.min(1, part.weight) * 100}%` }} /></span>
              <Show when={part.organisation}>{(name) => <span class="contribution-health" data-from={name()}>{text().links.from(name())} · <ContactLine standing={ui.organisations.standingOf(name())} /></span>}</Show>
              <Said {...props} part={part} />
              <HealthLine part={part} unit={props.why.estimate.unit ?? null} />
            </li>
          )}
        </For>
      </ul>
    </>
  );
}

function Said(props: Props & { part: Contribution }): JSX.Element {
  const ui = useUi();
  return (
    <span class="claim-times">
      <Show when={props.part.newest}>{(claim) => <>{aboutText(claim(), props.entity, props.attribute, ui.nameOf)}{claimText(claim(), ui.nameOf)} · </>}</Show>
      {props.whenOf(props.part.observed)}
    </span>
  );
}

function HealthLine(props: { part: Contribution; unit: string | null }): JSX.Element {
  const ui = useUi();
  return (
    <>
      <Show when={props.part.quarantined}><span class="contribution-health"><HealthSign state="setAside" /> {text().sources.isSetAside}</span></Show>
      <Show when={props.part.health}>
        {(health) => (
          <span class="contribution-health" data-state={health().state}>
            <HealthSign state={health().state} /> {[healthText(health(), ui.picture.connection.now_ms(), text()), ...healthFacts({ ...health(), unit: props.unit }, text())].join(' · ')}
          </span>
        )}
      </Show>
    </>
  );
}
