// What a person stated while the node was away: kept in memory, in order, and sent when
// it answers again. The time of observation stays the time of seeing.

import { createEffect, createSignal } from 'solid-js';
import { Away, Refused } from './client.ts';
import type { Picture } from './picture.ts';

const KEPT_MAX = 500;

export type Posted = 'recorded' | 'kept' | { refused: string };
interface Answer { accepted?: number; refused?: { code: string; message: string }[] }

export interface Outbox { queued: () => number; post: (line: string) => Promise<Posted> }

/** The node is away, or waits for somebody to log in again: neither is a refusal. */
function isWaiting(error: unknown): boolean {
  return error instanceof Away || (error instanceof Refused && error.status === 401);
}

export function createOutbox(picture: Picture): Outbox {
  const [kept, setKept] = createSignal<string[]>([]);

  const send = async (lines: string[]): Promise<Posted> => {
    const body = `${lines.join('\n')}\n`;
    const answer = await picture.client.send<Answer>('POST', '/v1/claims', body, 'application/x-ndjson');
    const refused = answer.refused?.[0];
    return refused ? { refused: `${refused.code}: ${refused.message}` } : 'recorded';
  };

  createEffect(() => {
    if (picture.connection.state() !== 'live' || kept().length === 0) return;
    const lines = kept();
    setKept([]);
    send(lines)
      .then((posted) => {
        if (typeof posted === 'object') picture.announce(posted.refused);
      })
      .catch((error: unknown) => {
        if (isWaiting(error)) setKept((newer) => [...lines, ...newer]);
        else picture.announce(String(error));
      });
  });

  return {
    queued: () => kept().length,
    async post(line) {
      try {
        return await send([line]);
      } catch (error) {
        if (error instanceof Refused && !isWaiting(error)) return { refused: `${error.code}: ${error.message}` };
        if (kept().length >= KEPT_MAX) return { refused: String(KEPT_MAX) };
        setKept((all) => [...all, line]);
        return 'kept';
      }
    },
  };
}
