// The state of a source in words: what it suffers from, since when, how surely, and what
// it gets wrong by how much.

import { ageSeconds, ageText } from './age.ts';
import { isDoubtful, toldBias, toldNoise, toldSkew_s, type SourceHealth } from './health.ts';
import { numberText, percentText, spreadDecimalsOf, unitText } from './words.ts';
import type { Text } from '../text/en.ts';

/** `stuck, since 14 min`; the state alone where it is well or nobody knows since when. */
export function healthText(health: Pick<SourceHealth, 'state' | 'since'>, now_ms: number, text: Text): string {
  const age_s = ageSeconds(health.since, now_ms);
  const state = text.sources.state[health.state] ?? health.state;
  return age_s === null ? state : `${state}, ${text.sources.since(ageText(age_s, text.age))}`;
}

/** What is to be told beside the state; nothing of a source that does as it says. */
export function healthFacts(health: Omit<SourceHealth, 'source' | 'entity' | 'attribute'>, text: Text): string[] {
  const t = text.sources;
  const unit = unitText(health.unit);
  const decimals = spreadDecimalsOf(unit);
  const bias = toldBias(health, decimals);
  const noise = toldNoise(health);
  const skew_s = toldSkew_s(health);
  const amount = (n: number) => `${numberText(Math.abs(n), decimals, text)}${unit ? ` ${unit}` : ''}`;
  return [
    isDoubtful(health) && typeof health.doubt === 'number' ? t.suspected(percentText(health.doubt, text)) : '',
    bias === null ? '' : bias > 0 ? t.tooHigh(amount(bias)) : t.tooLow(amount(bias)),
    noise === null ? '' : t.scatters(numberText(noise, 1, text)),
    skew_s === null ? '' : skew_s > 0 ? t.clockAhead(ageText(skew_s, text.age)) : t.clockBehind(ageText(-skew_s, text.age)),
    health.readings === undefined ? '' : t.readings(health.readings),
  ].filter(Boolean);
}
