// Asking the node for something that is shown, again and again while it is on screen, and
// what to say when it cannot be had.

import { createMemo, createResource, createSignal } from 'solid-js';
import { Away, Refused } from '../live/client.ts';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

const ASK_EVERY_MS = 15_000;

interface Answer<T> { of: string; found: T | undefined; error: unknown }

export interface Asked<T> { found: () => T | undefined; error: () => unknown; again: () => void }

/** The last answer stays while it is asked again, with the trouble that asking met. */
export function createAsked<T>(path: () => string | null): Asked<T> {
  const ui = useUi();
  const [by, setBy] = createSignal(0);
  const slow = createMemo(() => Math.floor(ui.picture.connection.now_ms() / ASK_EVERY_MS));
  const key = () => {
    const of = path();
    return of === null ? false : { of, when: `${slow()} ${by()} ${ui.picture.connection.state()}` };
  };
  const question = createMemo(key, undefined, { equals: (a, b) => JSON.stringify(a) === JSON.stringify(b) });
  const [answer] = createResource(question, async ({ of }, { value }: { value: Answer<T> | undefined }): Promise<Answer<T>> => {
    try {
      return { of, found: await ui.picture.client.get<T>(of), error: undefined };
    } catch (error) {
      return { of, found: value?.of === of ? value.found : undefined, error };
    }
  });
  // Never under another question's name.
  const latest = () => (answer.latest?.of === path() ? answer.latest : undefined);
  return { found: () => latest()?.found, error: () => latest()?.error, again: () => setBy((n) => n + 1) };
}

/** Trouble in words, with its code; a refusal says itself who may. */
export function problemText(error: unknown): string {
  if (error instanceof Away) return text().error.network;
  if (!(error instanceof Refused)) return String((error as Error)?.message ?? error);
  const told = `${error.code}: ${error.message}`;
  return error.status === 403 ? `${text().error.forbidden} ${told}` : [told, error.help].filter(Boolean).join(' ');
}
