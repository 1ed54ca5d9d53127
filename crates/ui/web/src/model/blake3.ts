// BLAKE3 in key-derivation mode, for up to one chunk (O'Connor, Aumasson, Neves,
// Wilcox-O'Hearn 2020, sections 2.1 to 2.3): enough to check a code that somebody pastes
// and to show the fingerprint of who gave it, before anything is asked of anybody.

const IV = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19] as const;
/** Where each word of a block goes between two rounds (table 2). */
const PERMUTED = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8] as const;
/** Columns, then diagonals (section 2.2). */
const QUARTERS = [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15], [0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]] as const;
const ROUNDS = 7;
const BLOCK_BYTES = 64;
/** One chunk; more would need the tree. */
export const INPUT_BYTES_MAX = 1024;
const [CHUNK_START, CHUNK_END, ROOT, DERIVE_KEY_CONTEXT, DERIVE_KEY_MATERIAL] = [1, 2, 8, 32, 64];

/** The first 32 bytes of the derived key. */
export function deriveKey(context: string, material: Uint8Array): Uint8Array {
  const key = hashChunk(new TextEncoder().encode(context), IV, DERIVE_KEY_CONTEXT as number);
  return bytesOf(hashChunk(material, key, DERIVE_KEY_MATERIAL as number));
}

function hashChunk(input: Uint8Array, key: readonly number[], mode: number): number[] {
  if (input.length > INPUT_BYTES_MAX) throw new RangeError('more than one chunk');
  let chain = [...key];
  const blocks = Math.max(1, Math.ceil(input.length / BLOCK_BYTES));
  for (let i = 0; i < blocks; i++) {
    const block = input.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES);
    const last = i === blocks - 1 ? (CHUNK_END as number) | (ROOT as number) : 0;
    chain = compress(chain, block, mode | (i === 0 ? (CHUNK_START as number) : 0) | last);
  }
  return chain;
}

/** The next chaining value; of the root it is the first half of the output. */
function compress(chain: readonly number[], block: Uint8Array, flags: number): number[] {
  const state = Uint32Array.from([...chain, ...IV.slice(0, 4), 0, 0, block.length, flags]);
  let words = wordsOf(block);
  for (let round = 0; round < ROUNDS; round++) {
    QUARTERS.forEach((quarter, i) => mix(state, quarter, words[2 * i] as number, words[2 * i + 1] as number));
    words = PERMUTED.map((from) => words[from] as number);
  }
  return chain.map((_, i) => ((state[i] as number) ^ (state[i + 8] as number)) >>> 0);
}

function mix(state: Uint32Array, [a, b, c, d]: readonly [number, number, number, number], x: number, y: number): void {
  const at = (i: number) => state[i] as number;
  for (const [word, turnD, turnB] of [[x, 16, 12], [y, 8, 7]] as const) {
    state[a] = at(a) + at(b) + word;
    state[d] = turned(at(d) ^ at(a), turnD);
    state[c] = at(c) + at(d);
    state[b] = turned(at(b) ^ at(c), turnB);
  }
}

function turned(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

function wordsOf(block: Uint8Array): number[] {
  const whole = new Uint8Array(BLOCK_BYTES);
  whole.set(block);
  const view = new DataView(whole.buffer);
  return Array.from({ length: 16 }, (_, i) => view.getUint32(i * 4, true));
}

function bytesOf(words: readonly number[]): Uint8Array {
  const out = new DataView(new ArrayBuffer(words.length * 4));
  words.forEach((word, i) => out.setUint32(i * 4, word, true));
  return new Uint8Array(out.buffer);
}
