// Asking the node. Every answer also tells what the node's clock says; every failure is
// one of three: the node is away, the node refuses (with its code), or nobody is logged in.

import type { ApiError } from '../model/api.ts';
import { narrow, sample, type Offset } from './clock.ts';

export class Away extends Error {}
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly help: string | undefined;
  constructor(status: number, error: Partial<ApiError>) {
    super(error.message ?? `HTTP ${status}`);
    this.status = status;
    this.code = error.code ?? `HTTP-${status}`;
    this.help = error.help;
  }
}

const TIMEOUT_MS = 15_000;

export class Client {
  offset: Offset | null = null;
  /** Called on every answer of the node, whatever it says. */
  onHeard: () => void = () => {};
  /** Called when the node no longer knows who is asking. */
  onLoggedOut: () => void = () => {};

  get<T>(path: string, timeout_ms = TIMEOUT_MS): Promise<T> {
    return this.#json<T>(path, { signal: AbortSignal.timeout(timeout_ms) });
  }

  send<T>(method: 'POST' | 'DELETE', path: string, body?: string, type = 'application/json', timeout_ms = TIMEOUT_MS): Promise<T> {
    const headers: Record<string, string> = { 'X-Twin-Request': '1' };
    if (body !== undefined) headers['Content-Type'] = type;
    return this.#json<T>(path, { method, headers, signal: AbortSignal.timeout(timeout_ms), ...(body === undefined ? {} : { body }) });
  }

  /** Bounds of the node's clock from any answer with a Date header. */
  heard(date: string | null, asked_ms: number): void {
    const fresh = sample(date, asked_ms, Date.now());
    if (fresh) this.offset = narrow(this.offset, fresh);
    this.onHeard();
  }

  async #json<T>(path: string, init: RequestInit): Promise<T> {
    const asked_ms = Date.now();
    let response: Response;
    let body: string;
    try {
      response = await fetch(path, { ...init, cache: 'no-store', credentials: 'same-origin' });
      body = await response.text();
    } catch (cause) {
      throw new Away(String(cause));
    }
    // A gateway that answers for a node that is gone is not the node.
    if (response.status === 502 || response.status === 504) throw new Away(`HTTP ${response.status}`);
    this.heard(response.headers.get('Date'), asked_ms);
    if (response.ok) return (body === '' ? {} : parse(body)) as T;
    const error = (parseOrNull(body) ?? {}) as Partial<ApiError>;
    if (response.status === 401 && path !== '/v1/session') this.onLoggedOut();
    throw new Refused(response.status, error);
  }
}

function parse(body: string): unknown {
  const value = parseOrNull(body);
  if (value === null) throw new Refused(200, { code: 'UI-001', message: 'the answer is not JSON' });
  return value;
}

function parseOrNull(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

export const enc = encodeURIComponent;
