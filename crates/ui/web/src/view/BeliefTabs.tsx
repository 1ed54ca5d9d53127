// Two looks at the same question: which source can be relied on, and which kind of estimate.

import type { JSX } from 'solid-js';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

export function BeliefTabs(): JSX.Element {
  const ui = useUi();
  return (
    <div class="segments belief-tabs" role="group">
      <button type="button" aria-pressed={ui.panel() === 'sources'} onClick={() => ui.setPanel('sources')}>{text().nav.sources}</button>
      <button type="button" aria-pressed={ui.panel() === 'calibration'} onClick={() => ui.setPanel('calibration')}>{text().nav.calibration}</button>
    </div>
  );
}
