// The other organisations and the contact with them, asked again now and then: contact is
// lost without any news of it.

import { createEffect, createMemo, createSignal, on } from 'solid-js';
import { byContact, memberStanding, outOfContact, standingOf, type Member, type Organisation, type Standing } from '../model/members.ts';
import { enc, Refused } from './client.ts';
import type { Picture } from './picture.ts';

const ASK_EVERY_MS = 10_000;
/** What was asked longer ago does not tell who is in contact now. */
const FRESH_FOR_MS = 3 * ASK_EVERY_MS;

export type Organisations = ReturnType<typeof createOrganisations>;

export function createOrganisations(picture: Picture) {
  const [own, setOwn] = createSignal<Organisation | null | undefined>(undefined, { equals: same });
  const [members, setMembers] = createSignal<Member[] | undefined>(undefined, { equals: same });
  const [problem, setProblem] = createSignal<unknown>(null);
  const [read_ms, setRead] = createSignal<number | null>(null);
  const link = picture.connection;

  async function read(): Promise<void> {
    const reader = picture.session()?.name;
    try {
      const [us, list] = await Promise.all([
        picture.client.get<{ organisation: Organisation | null }>('/v1/organisation'),
        picture.client.get<{ members: Member[] }>('/v1/members'),
      ]);
      // Whoever logged out meanwhile, or in as somebody else, must not see it.
      if (reader === undefined || picture.session()?.name !== reader) return;
      setOwn(us.organisation);
      setMembers([...list.members].sort(byContact));
      setRead(link.stamp_ms());
      setProblem(null);
    } catch (error) {
      setProblem(error);
    }
  }

  const slow = createMemo(() => Math.floor(link.now_ms() / ASK_EVERY_MS));
  createEffect(on([() => picture.session()?.name, () => link.state(), slow], ([name, state]) => {
    if (name === undefined) {
      setOwn(undefined);
      setMembers(undefined);
      setRead(null);
      setProblem(null);
    } else if (state === 'live' && !isOlder()) {
      void read();
    }
  }));

  /** Whether what is listed was asked just now. */
  const isAsked = createMemo(() => {
    const read = read_ms();
    return link.state() === 'live' && read !== null && link.now_ms() - read < FRESH_FOR_MS;
  });
  /** An older release has no organisations; asking it again would only fill its log. */
  const isOlder = () => {
    const error = problem();
    return error instanceof Refused && error.status === 404;
  };
  const away = createMemo(() => outOfContact(members()));

  async function change<T>(method: 'POST' | 'DELETE', path: string, body?: unknown, timeout_ms?: number): Promise<T> {
    const answer = await picture.client.send<T>(method, path, body === undefined ? undefined : JSON.stringify(body), 'application/json', timeout_ms);
    await read();
    return answer;
  }

  return {
    own, members, problem, read_ms, isAsked, isOlder, away, read, change,
    standingOf: (name: string): Standing => standingOf(name, members(), isAsked()),
    standing: (member: Member): Standing => memberStanding(member, isAsked()),
    remove: (member: Member) => change('DELETE', `/v1/members/${enc(member.id)}`),
  };
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
