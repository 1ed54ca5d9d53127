// What the node knows beyond the building on screen: its map, what waits for a decision,
// and alarms of sensors whose place nobody knows. Asked again now and then; parts that a
// node does not have are left out of the page.

import { createEffect, createMemo, createSignal, on, onCleanup } from 'solid-js';
import type { MapInfo } from '../model/city.ts';
import { identityQuery, type IdentityList } from '../model/identity.ts';
import { alarmsNowhere, pointsQuery, type MappedPoint, type PointList } from '../model/points.ts';
import { Refused } from './client.ts';
import type { Picture } from './picture.ts';

const ASK_EVERY_MS = 30_000;
/** The storey on screen comes first. */
const FIRST_AFTER_MS = 1000;
/** An alarm must not wait for a round of questions. */
const ALARMS_EVERY_MS = 3000;
/** More alarms than this are one alarm. */
const ALARMS_MAX = 100;

export type City = ReturnType<typeof createCity>;

export function createCity(picture: Picture) {
  const [map, setMap] = createSignal<MapInfo | undefined>(undefined, { equals: sameMap });
  const [waiting, setWaiting] = createSignal<{ identities?: number; points?: number }>({}, { equals: same });
  const [nowhere, setNowhere] = createSignal<MappedPoint[]>([], { equals: same });
  const link = picture.connection;
  let wait: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(wait));
  const absent = new Set<string>();
  const [revision, setRevision] = createSignal(0);
  const [absences, setAbsences] = createSignal(0);

  /** `undefined` where the node has no such thing, or cannot be asked now. */
  async function ask<T>(part: string, path: string): Promise<T | undefined> {
    if (absent.has(part)) return undefined;
    try {
      return await picture.client.get<T>(path);
    } catch (error) {
      if (!(error instanceof Refused)) return undefined;
      // Not there, not for this role, or a path that takes no such question.
      if ([403, 404, 405].includes(error.status)) {
        absent.add(part);
        setAbsences((n) => n + 1);
      }
      return undefined;
    }
  }

  async function read(): Promise<void> {
    const reader = picture.session()?.name;
    if (reader === undefined) return;
    const [shown, pairs, points] = await Promise.all([
      ask<MapInfo>('map', '/v1/map'),
      ask<IdentityList>('identities', identityQuery('open', '', COUNTED_MAX)),
      ask<PointList>('points', pointsQuery('unmapped', '', 1)),
    ]);
    if (picture.session()?.name !== reader) return;
    if (shown) setMap(shown);
    const open = (points?.counts?.unmapped ?? 0) + (points?.counts?.suggested ?? 0);
    setWaiting({ ...(pairs && { identities: pairs.identities.length }), ...(points && { points: open }) });
  }

  async function readAlarms(): Promise<void> {
    const reader = picture.session()?.name;
    // Asked apart from the list: who may not see plans is still told of alarms.
    const list = await ask<PointList>('alarms', pointsQuery('alarming', '', ALARMS_MAX));
    if (list && picture.session()?.name === reader) setNowhere(alarmsNowhere(list.points));
  }

  /** An import was made or taken back: tiles say something else although nothing else may
      have changed. */
  async function changed(): Promise<void> {
    await read();
    setRevision((n) => n + 1);
  }

  const every = (ms: number) => createMemo(() => Math.floor(link.now_ms() / ms));
  const [slow, quick] = [every(ASK_EVERY_MS), every(ALARMS_EVERY_MS)];
  createEffect(on([() => picture.session()?.name, () => link.state(), slow], ([name, state]) => {
    clearTimeout(wait);
    if (name === undefined) forget();
    else if (state === 'live') wait = setTimeout(() => void read(), map() ? 0 : FIRST_AFTER_MS);
  }));
  createEffect(on([() => picture.session()?.name, () => link.state(), quick], ([name, state]) => {
    if (name !== undefined && state === 'live') void readAlarms();
  }));

  function forget(): void {
    absent.clear();
    setAbsences((n) => n + 1);
    setMap(undefined);
    setWaiting({});
    setNowhere([]);
  }

  const has = (part: string) => absences() >= 0 && !absent.has(part);
  return {
    map, waiting, nowhere, revision, read, changed,
    hasIdentities: () => waiting().identities !== undefined && has('identities'),
    hasPoints: () => waiting().points !== undefined && has('points'),
    /** The node told of its parts; completeness came with the map. */
    hasCompleteness: () => map() !== undefined,
  };
}

/** More than this is told as at least so many. */
export const COUNTED_MAX = 100;

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Claims come in all the time; the map is another one only when its parts are. */
function sameMap(a: MapInfo | undefined, b: MapInfo | undefined): boolean {
  return same(a && [a.bounds, a.sources], b && [b.bounds, b.sources]);
}
