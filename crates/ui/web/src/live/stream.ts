// The node's event stream: resumes after the last commit seen, starts afresh when the
// node says so, and keeps trying for as long as the page is open.

import type { ChangeSet } from '../model/api.ts';

export interface StreamHandlers {
  open: () => void;
  change: (changes: ChangeSet) => void;
  /** The node no longer keeps what was missed: everything must be read again. */
  reset: (commit: number) => void;
  lost: () => void;
}

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 8000;

export class Stream {
  #source: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #retry_ms = RETRY_FIRST_MS;
  #commit: number;
  readonly #building: string | null;
  readonly #on: StreamHandlers;

  constructor(commit: number, building: string | null, on: StreamHandlers) {
    this.#commit = commit;
    this.#building = building;
    this.#on = on;
    this.#connect();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#source?.close();
    this.#source = null;
  }

  /** Gives up the present connection and tries anew at once: the heartbeat found the
      line dead, which the browser may notice only after minutes. */
  reconnect(): void {
    this.close();
    this.#retry_ms = RETRY_FIRST_MS;
    this.#connect();
  }

  // The resumption point is passed by hand rather than left to `Last-Event-ID`, so that a
  // connection opened anew after a hard failure resumes too.
  #connect(): void {
    const narrow = this.#building ? `&building=${encodeURIComponent(this.#building)}` : '';
    const source = new EventSource(`/v1/events?after=${this.#commit}${narrow}`);
    this.#source = source;
    source.addEventListener('open', () => {
      this.#retry_ms = RETRY_FIRST_MS;
      this.#on.open();
    });
    source.addEventListener('change', (event) => this.#read(event, (set) => this.#on.change(set)));
    source.addEventListener('reset', (event) => this.#read(event, (set) => this.#on.reset(set.commit)));
    source.addEventListener('error', () => this.#fail());
  }

  #read(event: MessageEvent<string>, then: (set: ChangeSet) => void): void {
    let set: ChangeSet;
    try {
      set = JSON.parse(event.data) as ChangeSet;
    } catch {
      return; // A broken event is skipped; the next full read repairs what it said.
    }
    if (typeof set.commit === 'number') this.#commit = Math.max(this.#commit, set.commit);
    then(set);
  }

  #fail(): void {
    this.close();
    this.#on.lost();
    this.#timer = setTimeout(() => this.#connect(), this.#retry_ms);
    this.#retry_ms = Math.min(RETRY_MAX_MS, this.#retry_ms * 2);
  }
}
