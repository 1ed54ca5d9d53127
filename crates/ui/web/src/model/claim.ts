// What a person can state from the page, and its form on the wire. The person is the
// source: `urn:twin:account:<name>`.

export type Statement =
  | { attribute: 'passable'; value: boolean }
  | { attribute: 'smoke'; value: boolean }
  | { attribute: 'open'; value: boolean }
  | { attribute: 'occupancy'; value: number };

/** People judge by eye; nobody is right every time. */
export const SURENESS = { certain: 0.98, fairly: 0.85 } as const;
export type Sureness = keyof typeof SURENESS;

/** Counting people by eye is off by about a fifth of the number; one at least when only
    fairly sure. */
function countSd(count: number, sureness: Sureness): number {
  return sureness === 'certain' ? Math.max(0.3, count * 0.05) : Math.max(1, count * 0.2);
}

export function accountSource(name: string): string {
  return `urn:twin:account:${encodeURIComponent(name)}`;
}

/** One NDJSON line for `POST /v1/claims`. */
export function claimLine(account: string, entity: string, statement: Statement, sureness: Sureness, observed_ms: number): string {
  const uncertainty =
    statement.attribute === 'occupancy'
      ? { sd: countSd(statement.value, sureness) }
      : { probability: SURENESS[sureness] };
  return JSON.stringify({
    source: accountSource(account),
    entity,
    attribute: statement.attribute,
    value: statement.value,
    ...(statement.attribute === 'occupancy' ? { unit: '1' } : {}),
    uncertainty,
    observed: new Date(observed_ms).toISOString(),
    procedure: 'seen by a person',
  });
}

/** What can be supposed of a thing, in its canonical unit. */
export interface Supposable { attribute: string; form: 'boolean' | 'number'; unit?: string }

export const SUPPOSABLE: Readonly<Record<'space' | 'portal', readonly Supposable[]>> = {
  space: [
    { attribute: 'smoke', form: 'boolean' },
    { attribute: 'passable', form: 'boolean' },
    { attribute: 'temperature', form: 'number', unit: 'Cel' },
    { attribute: 'co2', form: 'number', unit: '[ppm]' },
    { attribute: 'occupancy', form: 'number', unit: '1' },
  ],
  portal: [
    { attribute: 'passable', form: 'boolean' },
    { attribute: 'open', form: 'boolean' },
  ],
};

/** A number as typed, with a comma or a point; `null` for anything else. Blank is not zero. */
export function parseNumber(typed: string): number | null {
  const text = typed.trim().replace(',', '.');
  return /^-?\d{1,6}(\.\d{1,4})?$/.test(text) ? Number(text) : null;
}

/** A number of people as typed; `null` for anything else. Blank is not zero. */
export function parseCount(typed: string): number | null {
  if (!/^\d{1,4}$/.test(typed.trim())) return null;
  const count = Number(typed);
  return count <= 5000 ? count : null;
}
