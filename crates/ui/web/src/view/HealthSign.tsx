// The states of a source as traces: what its curve would look like. Told apart by shape,
// so that nothing rests on colour.

import type { JSX } from 'solid-js';
import type { HealthState } from '../model/health.ts';

const TRACES: Record<HealthState | 'setAside', string> = {
  ok: 'M2 9Q7 3 12 9T22 9',
  stuck: 'M2 9H22',
  drifting: 'M2 15H22M2 15L22 3',
  noisy: 'M2 9L5 3L8 15L11 2L14 16L17 4L19 13L22 7',
  silent: 'M2 9H9M13 9H13.1M17 9H17.1M21 9H21.1',
  setAside: 'M4 3V15M9 3V15M15 3H21V15H15Z',
};

export function HealthSign(props: { state: HealthState | 'setAside' }): JSX.Element {
  return <svg class="health-sign" width="24" height="18" viewBox="0 0 24 18" aria-hidden="true"><path d={TRACES[props.state] ?? TRACES.silent} /></svg>;
}
