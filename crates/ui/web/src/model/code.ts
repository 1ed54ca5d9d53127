// The code with which one organisation lets another join, read here before it is used: who
// invites, by the fingerprint that people compare over the telephone, where, until when.
// Drawn in docs/formats/belonging.md.

import { deriveKey } from './blake3.ts';

export interface Code {
  /** Six groups of five digits. */
  fingerprint: string;
  /** By the clock of who invites. */
  expires_ms: number;
  addresses: string[];
}

/** Why a text is no code that could be used. */
export type CodeProblem = 'notACode' | 'later' | 'incomplete' | 'mistyped';

/** Crockford's base 32: without letters that look like others. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TEXT_LENGTH_MAX = 1000;
const CHECK_BYTES = 4;
const KEY_BYTES = 32;
const SECRET_BYTES = 16;
const MINUTE_MS = 60_000;
const FINGERPRINT_DIGITS = 30;

/** What stands in a code, however it was spaced and typed. */
export function readCode(typed: string): Code | CodeProblem {
  const text = typed.replace(/[\s-]/g, '').toUpperCase();
  if (typed.length > TEXT_LENGTH_MAX || !text.startsWith('TWIN')) return 'notACode';
  if (text.length === 4) return 'incomplete';
  if (/^TWIN[2-9]/.test(text)) return 'later';
  if (!/^TWIN[1IL]/.test(text)) return 'notACode';
  const bytes = bytesOf(text.slice(5));
  if (!bytes) return 'mistyped';
  if (bytes.length === 0 || bytes.length < (bytes[0] as number)) return 'incomplete';
  const said = bytes.subarray(0, Math.max(0, bytes.length - CHECK_BYTES));
  const check = deriveKey('twinternet exchange 1 code check', said);
  const isWhole = bytes.length === bytes[0] && bytes.subarray(said.length).every((byte, i) => byte === check[i]);
  return (isWhole && fieldsOf(said.subarray(1))) || 'mistyped';
}

export function fingerprintOf(authority: Uint8Array): string {
  const hash = deriveKey('twinternet exchange 1 fingerprint', authority).subarray(0, 16);
  const number = hash.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const digits = String(number % 10n ** BigInt(FINGERPRINT_DIGITS)).padStart(FINGERPRINT_DIGITS, '0');
  return (digits.match(/.{5}/g) as string[]).join(' ');
}

function fieldsOf(body: Uint8Array): Code | null {
  const until = KEY_BYTES + SECRET_BYTES;
  if (body.length < until + 4) return null;
  const addresses = addressesOf(body.subarray(until + 4));
  const minutes = new DataView(body.buffer, body.byteOffset + until).getUint32(0, true);
  return addresses && { fingerprint: fingerprintOf(body.subarray(0, KEY_BYTES)), expires_ms: minutes * MINUTE_MS, addresses };
}

/** Each with its length before it, which no address makes longer than one byte. */
function addressesOf(bytes: Uint8Array): string[] | null {
  const all: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + (bytes[at] as number);
    if (end > bytes.length) return null;
    all.push(new TextDecoder().decode(bytes.subarray(at + 1, end)));
    at = end;
  }
  return all;
}

/** Whole bytes; `null` for what is no letter, or bits at the end that are not zero. */
function bytesOf(letters: string): Uint8Array | null {
  const bytes: number[] = [];
  let [bits, held] = [0, 0];
  for (const letter of letters.replace(/O/g, '0').replace(/[IL]/g, '1')) {
    const index = ALPHABET.indexOf(letter);
    if (index < 0) return null;
    bits = (bits << 5) | index;
    held += 5;
    if (held < 8) continue;
    held -= 8;
    bytes.push(bits >> held);
    bits &= (1 << held) - 1;
  }
  return held < 5 && bits === 0 ? Uint8Array.from(bytes) : null;
}
