// What would change an estimate most, in words: one more reading, or one source less. The
// node works it out; here it is told as "this instead of that".

import type { Estimate } from './api.ts';
import { spreadText, toldText } from './words.ts';
import type { Text } from '../text/en.ts';

export interface Influence {
  /** `without`: the source had said nothing. `reading`: a usual sensor now said what is believed. */
  change: 'without' | 'reading';
  source?: string | null;
  /** What would be believed then. */
  estimate: Estimate;
  /** By how much the number shown, or its probability, would move. */
  shift?: number | null;
}

/** `±0.4 instead of ±1.9 °C`; empty where nothing would change that is shown. */
export function influenceText(change: Influence, now: Estimate, attribute: string, text: Text): string {
  const tell = change.change === 'reading' ? spreadText : toldText;
  const [then, before] = [tell(change.estimate, attribute, text), tell(now, attribute, text)];
  return then === before || then === '' ? '' : before === '' ? then : text.why.insteadOf(then, before);
}
