// The shapes of docs/formats/http-api.md that the page reads. Everything may be
// missing: what the node leaves out is unknown here, never a default.

import type { Influence } from './influence.ts';
import type { SourceHealth } from './health.ts';
import type { From } from './members.ts';
import type { Place } from './earth.ts';

export const STATUSES = [
  'observed', 'fused', 'inferred', 'predicted', 'assumed', 'stale',
  'conflicting', 'unknown', 'absent', 'withheld', 'notApplicable',
] as const;
export type Status = (typeof STATUSES)[number];

export type Value =
  | boolean
  | number
  | string
  | { entity: string }
  | { entities: string[] }
  | { point: number[] }
  | { line: number[][] }
  | { polygon: number[][][] }
  | { [key: string]: unknown }
  | null;

export interface Interval { level: number; lo: number; hi: number }
export interface Alternative { value: Value; probability: number }

export interface Estimate {
  status: Status;
  value?: Value;
  unit?: string | null;
  at?: string;
  evidenceTime?: string | null;
  evidenceAge_s?: number | null;
  interval?: Interval | null;
  probability?: number | null;
  alternatives?: Alternative[] | null;
  basis?: string;
  knowledge?: string;
  flags?: string[];
  conflict?: number;
  sources?: number;
  /** Other organisations whose claims take part, by name. */
  from?: string[];
}

export interface VerbatimStatement { source: string; value?: unknown; absent?: boolean; notApplicable?: boolean; unknown?: string; retract?: boolean; observed?: string }
export interface Verbatim { verbatim: VerbatimStatement[] }
export type Attribute = Estimate | Verbatim;

export interface Twin {
  id: string;
  kind: string;
  attributes: Record<string, Attribute>;
}

export type StatusCounts = Partial<Record<Status, number>>;

export interface BuildingSummary {
  id: string;
  name?: Estimate;
  storeys: number;
  spaces: number;
  portals: number;
  findings?: Partial<Record<Severity, number>>;
}

export interface StoreySummary {
  id: string;
  name?: Estimate;
  elevation?: Estimate;
  spaces: number;
  portals: number;
  status?: StatusCounts;
  alarms?: number;
}

export interface Building {
  commit: number;
  id: string;
  name?: Estimate;
  storeys: StoreySummary[];
  /** Where on earth its plan lies; `null` or left out while nobody knows. */
  place?: Place | null;
}

export interface Riser {
  id: string;
  name?: Estimate | string | null;
  usage: string;
  stops: { storey: string; space: string; status?: Status }[];
  links: { from: string; to: string; probability?: number | null }[];
}
export interface Section { storeys: string[]; risers: Riser[]; unlinked?: [string, string][] }

export interface Plan {
  commit: number;
  id: string;
  building?: string;
  bounds?: number[] | null;
  spaces: Twin[];
  portals: Twin[];
}

export interface Change { entity: string; storey?: string | null; attribute: string; estimate: Attribute }
export interface ChangeSet { commit: number; changes: Change[] }

export interface Claim {
  claim?: string;
  id?: string;
  source?: string;
  /** What it speaks of; not always what was asked about. */
  attribute?: string;
  entity?: string;
  value?: Value;
  unit?: string | null;
  absent?: boolean;
  notApplicable?: boolean;
  unknown?: string | boolean;
  retract?: boolean;
  uncertainty?: { sd?: number; probability?: number } | null;
  observed?: string;
  recorded?: string;
  procedure?: string | null;
  batch?: number | string | null;
}
export interface Contributor { claim: string; source: string; weight: number; observed?: string }
export interface ContributingSource {
  source: string;
  weight: number;
  quarantined?: boolean;
  health?: Pick<SourceHealth, 'state' | 'since' | 'doubt' | 'bias' | 'noiseRatio' | 'skew_s' | 'readings'> | null;
  /** Whose it is, if another's. */
  organisation?: From | null;
}
export interface Why {
  estimate: Estimate;
  contributors: Contributor[];
  /** Who takes part, and what is thought of them. */
  sources?: ContributingSource[];
  /** What would change the estimate, the most first. */
  changes?: Influence[];
  claims: Claim[];
  spec?: { unit?: string | null; estimator?: string; staleAfter_s?: number | null; meaning?: string } | null;
}

export type Severity = 'error' | 'warning' | 'note';
export interface Finding {
  id: string | number;
  code: string;
  severity: Severity;
  message: string;
  entity?: string | null;
  item?: string | null;
  line?: number | null;
  field?: string | null;
  batch?: number | null;
  recorded?: string;
}

/** Inside: through a space and out of it by a portal, the last step may have none; between
    an exit and a street, with why it is believed that they meet; or along a street, with its
    course on earth (`[longitude_deg, latitude_deg]`). */
export interface RouteStep {
  space?: string | null;
  portal?: string | null;
  exit?: string | null;
  reason?: string | null;
  street?: string | null;
  streetName?: string | null;
  course?: number[][] | null;
  length_m?: number | null;
  probability?: number | null;
  status?: Status;
}
export interface Route {
  length_m: number;
  probability?: number | null;
  steps: RouteStep[];
  leastCertain?: string | null;
  usesUnknown?: boolean;
}

export interface ImportDone {
  batch: number;
  commit?: number;
  building?: string | null;
  summary?: Record<string, unknown>;
  changes?: Record<string, number>;
  findings?: Partial<Record<Severity, number>>;
}
export interface ImportRecord {
  batch: number;
  name?: string;
  building?: string | null;
  recorded?: string;
  licence?: string | null;
  attribution?: string | null;
  undone?: boolean;
  undoneBy?: number | null;
  /** The import that this one took back. */
  undoOf?: number | null;
}

export interface ApiError { code: string; message: string; help?: string }
export interface Session { name: string; role: string }

export function isVerbatim(attribute: Attribute): attribute is Verbatim {
  return 'verbatim' in attribute;
}

/** The estimate of an attribute; `undefined` where there is none or it is verbatim. */
export function estimateOf(twin: Twin | undefined, attribute: string): Estimate | undefined {
  const found = twin?.attributes[attribute];
  return found && !isVerbatim(found) ? found : undefined;
}

/** The spaces a portal joins, as far as they are known. */
export function joinedBy(portal: Twin | undefined): string[] {
  const value = estimateOf(portal, 'connects')?.value as { entities?: string[]; entity?: string } | null | undefined;
  return value?.entities ?? (value?.entity ? [value.entity] : []);
}
