// How a source does, in the words of the node, and which of it is worth telling. A source
// that is in doubt is weighed less by the node and shown here; it is never hidden.

export const DOUBTFUL_STATES = ['stuck', 'drifting', 'noisy', 'silent'] as const;
export type HealthState = 'ok' | (typeof DOUBTFUL_STATES)[number];

/** What is thought of one source of one attribute of one twin. */
export interface SourceHealth {
  source: string;
  entity: string;
  attribute: string;
  state: HealthState;
  /** Since when, by the source's own observations. */
  since?: string | null;
  /** Probability that it suffers from anything. */
  doubt?: number | null;
  /** How much it reads too high, in `unit`. */
  bias?: number | null;
  unit?: string | null;
  /** Its scatter as a multiple of what it states. */
  noiseRatio?: number | null;
  /** By how many seconds its clock is ahead. */
  skew_s?: number | null;
  readings?: number;
  quarantined?: boolean;
}

/** A scatter that is worth telling: half as much again as stated. */
const NOISE_TOLD_FROM = 1.5;
/** Below this a clock is as right as clocks are. */
const SKEW_TOLD_FROM_S = 2;
export function isDoubtful(health: Pick<SourceHealth, 'state' | 'quarantined'>): boolean {
  return health.quarantined === true || health.state !== 'ok';
}

/** Set aside first, then the most doubted; ties in an order that does not wander. */
export function byDoubt(a: SourceHealth, b: SourceHealth): number {
  const rank = (h: SourceHealth) => (h.quarantined ? 2 : isDoubtful(h) ? 1 : 0);
  return rank(b) - rank(a) || (b.doubt ?? 0) - (a.doubt ?? 0) || a.source.localeCompare(b.source) || a.entity.localeCompare(b.entity) || a.attribute.localeCompare(b.attribute);
}

/** The bias, if it would still be seen at `decimals` digits. */
export function toldBias(health: Pick<SourceHealth, 'bias'>, decimals: number): number | null {
  const bias = health.bias ?? 0;
  return Number.isFinite(bias) && Math.abs(bias) >= 10 ** -decimals ? bias : null;
}

export function toldNoise(health: Pick<SourceHealth, 'noiseRatio'>): number | null {
  const ratio = health.noiseRatio ?? 1;
  return Number.isFinite(ratio) && ratio >= NOISE_TOLD_FROM ? ratio : null;
}

export function toldSkew_s(health: Pick<SourceHealth, 'skew_s'>): number | null {
  const skew_s = health.skew_s ?? 0;
  return Number.isFinite(skew_s) && Math.abs(skew_s) >= SKEW_TOLD_FROM_S ? skew_s : null;
}

/** A source set aside by a person. */
export interface Quarantined {
  source: string;
  reason: string;
  by?: string;
  since?: string;
  released?: string | null;
}

/** The roles that may set a source aside, as the node has them. */
export function maySetAside(role: string | undefined): boolean {
  return role === 'steward' || role === 'owner';
}
