// The section strip: one column per stair or lift, one row per storey, top storey on
// top. Between two neighbouring storeys a riser is joined, not joined by anything we
// know (unknown: somebody should look), or beyond its ends.

import type { Section, Status } from './api.ts';

export type Join = 'linked' | 'doubtful' | 'unknown' | 'none';

export interface RiserColumn {
  id: string;
  usage: string;
  /** Per storey in display order: the space it stops at, or `null`. */
  stops: ({ space: string; status: Status } | null)[];
  /** Per gap below the storey in display order (one fewer than storeys). */
  joins: Join[];
}

export interface SectionLayout { storeys: string[]; columns: RiserColumn[]; /** Gaps without any link at all. */ unlinked: boolean[] }

const DOUBTFUL_BELOW = 0.8;

export function sectionLayout(section: Section): SectionLayout {
  const storeys = [...section.storeys].reverse();
  const unlinkedPairs = new Set((section.unlinked ?? []).flatMap(([a, b]) => [`${a}\n${b}`, `${b}\n${a}`]));
  return {
    storeys,
    columns: section.risers.map((riser) => ({
      id: riser.id,
      usage: riser.usage,
      stops: storeys.map((storey) => {
        const stop = riser.stops.find((s) => s.storey === storey);
        return stop ? { space: stop.space, status: stop.status ?? 'unknown' } : null;
      }),
      joins: gaps(storeys).map(([above, below]) => joinOf(riser, above, below)),
    })),
    unlinked: gaps(storeys).map(([above, below]) => unlinkedPairs.has(`${above}\n${below}`)),
  };
}

function gaps(storeys: string[]): [string, string][] {
  return storeys.slice(1).map((below, i) => [storeys[i] as string, below]);
}

function joinOf(riser: Section['risers'][number], above: string, below: string): Join {
  const ends = new Set([above, below, ...riser.stops.filter((s) => s.storey === above || s.storey === below).map((s) => s.space)]);
  const link = riser.links.find((l) => ends.has(l.from) && ends.has(l.to));
  if (link) return (link.probability ?? 1) < DOUBTFUL_BELOW ? 'doubtful' : 'linked';
  const stopsAt = (storey: string) => riser.stops.some((s) => s.storey === storey);
  return stopsAt(above) && stopsAt(below) ? 'unknown' : 'none';
}
