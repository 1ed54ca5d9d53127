// Which sources are in doubt and which are set aside, asked again now and then: a source
// falls silent without any news of it.

import { createEffect, createMemo, createSignal, on, onCleanup } from 'solid-js';
import { byDoubt, type HealthState, type Quarantined, type SourceHealth } from '../model/health.ts';
import { enc, Refused } from './client.ts';
import type { Picture } from './picture.ts';

const ASK_EVERY_MS = 60_000;
/** While the node works estimates out afresh, people wait for it. */
const ASK_PROGRESS_EVERY_MS = 1000;
const PAGE = 1000;
/** A building with more doubtful sources has one trouble, not thousands. */
const KEPT_MAX = 5000;

export type Sources = ReturnType<typeof createSources>;

export function createSources(picture: Picture) {
  const [doubtful, setDoubtful] = createSignal<SourceHealth[] | undefined>(undefined);
  const [setAside, keepSetAside] = createSignal<Quarantined[]>([], { equals: (a, b) => JSON.stringify(a) === JSON.stringify(b) });
  const [recomputing, setRecomputing] = createSignal<number | null>(null);
  const [problem, setProblem] = createSignal<unknown>(null);
  let wait: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(wait));

  /** All sources in one state, or in any but `ok`. */
  async function inState(state: HealthState | 'doubtful'): Promise<SourceHealth[]> {
    const all: SourceHealth[] = [];
    let after = '';
    do {
      const page: { items: SourceHealth[]; next?: string | null } = await picture.client.get(`/v1/health/sources?state=${state}&limit=${PAGE}${after ? `&after=${enc(after)}` : ''}`);
      all.push(...page.items);
      after = page.next ?? '';
    } while (after && all.length < KEPT_MAX);
    return all;
  }

  async function quarantined(): Promise<Quarantined[]> {
    try {
      const list = await picture.client.get<{ items: Quarantined[] }>('/v1/quarantine');
      return list.items.filter((q) => !q.released);
    } catch (error) {
      // Not everybody may see who was set aside; what follows from it they see anyway.
      if (error instanceof Refused && error.status === 403) return [];
      throw error;
    }
  }

  async function read(): Promise<void> {
    const reader = picture.session()?.name;
    try {
      const [found, list] = await Promise.all([inState('doubtful'), quarantined()]);
      // Whoever logged out meanwhile, or in as somebody else, must not see it.
      if (reader === undefined || picture.session()?.name !== reader) return;
      setDoubtful(found.sort(byDoubt));
      keepSetAside(list);
      setProblem(null);
      await follow();
    } catch (error) {
      setProblem(error);
    }
  }

  /** Follows the node while it works out afresh what a source had touched. */
  async function follow(): Promise<void> {
    clearTimeout(wait);
    const status = await picture.client.get<{ recomputing?: number | null }>('/v1/status');
    setRecomputing(status.recomputing ?? null);
    if (typeof status.recomputing === 'number') wait = setTimeout(() => void follow().catch(() => setRecomputing(null)), ASK_PROGRESS_EVERY_MS);
  }

  async function change(method: 'POST' | 'DELETE', path: string, body?: string): Promise<void> {
    await picture.client.send(method, path, body);
    await read();
  }

  /** The things about which a doubtful source speaks. */
  const places = createMemo(() => new Set((doubtful() ?? []).map((h) => h.entity)));
  const slow = createMemo(() => Math.floor(picture.connection.now_ms() / ASK_EVERY_MS));
  createEffect(on([() => picture.session()?.name, () => picture.connection.state(), slow], ([name, state]) => {
    if (name === undefined) {
      setDoubtful(undefined);
      keepSetAside([]);
    } else if (state === 'live') {
      void read();
    }
  }));

  return {
    doubtful, places, setAside, recomputing, problem, inState,
    quarantine: (source: string, reason: string) => change('POST', '/v1/quarantine', JSON.stringify({ source, reason })),
    release: (source: string) => change('DELETE', `/v1/quarantine/${enc(source)}`),
  };
}
