// Whether the node is there, and how old the picture is. The event stream alone cannot
// tell: a pulled plug leaves it open in silence. So a heartbeat asks every few seconds,
// which also keeps the clock offset fresh.

import { createSignal, onCleanup } from 'solid-js';
import { Client, Refused } from './client.ts';
import { middle } from './clock.ts';

export type LinkState = 'connecting' | 'live' | 'reconnecting';

const BEAT_MS = 5000;
const BEAT_TIMEOUT_MS = 4000;
const TICK_MS = 1000;

export interface Connection {
  state: () => LinkState;
  /** The node's time now, ticking every second. */
  now_ms: () => number;
  /** The node's time at this very moment, not later than it really is there. */
  stamp_ms: () => number;
  /** The node's time when page and node last had the same picture; `null` before the first. */
  common_ms: () => number | null;
  /** When the connection was lost; `null` while live. */
  lost_ms: () => number | null;
  ready: () => boolean;
  offset_ms: () => number;
  streamOpen: () => void;
  streamLost: () => void;
}

/** `onDead` is called when the heartbeat fails, `onBack` when it succeeds again. */
export function createConnection(client: Client, onDead: () => void, onBack: () => void): Connection {
  const [offset_ms, setOffset] = createSignal(0);
  const [local_ms, setLocal] = createSignal(Date.now());
  const [stream, setStream] = createSignal(false);
  const [beating, setBeating] = createSignal(true);
  const [ready, setReady] = createSignal(true);
  const [everLive, setEverLive] = createSignal(false);
  const [common_ms, setCommon] = createSignal<number | null>(null);
  const [lost_ms, setLost] = createSignal<number | null>(null);

  const now = () => Date.now() + middle(client.offset);
  client.onHeard = () => setOffset(middle(client.offset));

  const refresh = () => {
    if (stream() && beating()) {
      setEverLive(true);
      setCommon(now());
      setLost(null);
    } else if (everLive() && lost_ms() === null) {
      setLost(now());
    }
  };
  const beat = async () => {
    const before = beating();
    try {
      await client.get('/v1/health', BEAT_TIMEOUT_MS);
      setReady(true);
      setBeating(true);
    } catch (error) {
      // An answer of any kind is an answer: the node is there but not ready.
      setReady(false);
      setBeating(error instanceof Refused);
    }
    if (before && !beating()) onDead();
    if (!before && beating()) onBack();
    refresh();
  };
  const tick = setInterval(() => {
    setLocal(Date.now());
    refresh();
  }, TICK_MS);
  const heart = setInterval(() => void beat(), BEAT_MS);
  const offline = () => {
    setBeating(false);
    onDead();
    refresh();
  };
  const online = () => void beat();
  window.addEventListener('offline', offline);
  window.addEventListener('online', online);
  onCleanup(() => {
    clearInterval(tick);
    clearInterval(heart);
    window.removeEventListener('offline', offline);
    window.removeEventListener('online', online);
  });

  return {
    state: () => (stream() && beating() ? 'live' : everLive() ? 'reconnecting' : 'connecting'),
    now_ms: () => local_ms() + offset_ms(),
    stamp_ms: () => Date.now() + (client.offset?.lo_ms ?? 0),
    common_ms,
    lost_ms,
    ready,
    offset_ms,
    streamOpen: () => {
      setStream(true);
      setBeating(true);
      refresh();
    },
    streamLost: () => {
      setStream(false);
      refresh();
    },
  };
}
