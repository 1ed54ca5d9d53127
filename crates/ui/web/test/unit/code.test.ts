import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deriveKey } from '../../src/model/blake3.ts';
import { fingerprintOf, readCode, type Code } from '../../src/model/code.ts';

const hex = (bytes: Uint8Array) => [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
/** The input of the published test vectors: 0, 1, … 250, 0, 1, … */
const counting = (length: number) => Uint8Array.from({ length }, (_, i) => i % 251);

test('BLAKE3 derives the keys of its published vectors', () => {
  const context = 'BLAKE3 2019-12-27 16:29:52 test vectors context';
  const vectors: [number, string][] = [
    [0, '2cc39783c223154fea8dfb7c1b1660f2ac2dcbd1c1de8277b0b0dd39b7e50d7d'],
    [1, 'b3e2e340a117a499c6cf2398a19ee0d29cca2bb7404c73063382693bf66cb06c'],
    [64, 'a5c4a7053fa86b64746d4bb688d06ad1f02a18fce9afd3e818fefaa7126bf73e'],
    [65, '51fd05c3c1cfbc8ed67d139ad76f5cf8236cd2acd26627a30c104dfd9d3ff8a8'],
    [1023, '74a16c1c3d44368a86e1ca6df64be6a2f64cce8f09220787450722d85725dea5'],
    [1024, '7356cd7720d5b66b6d0697eb3177d9f8d73a4a5c5e968896eb6a689684302706'],
  ];
  for (const [length, key] of vectors) assert.equal(hex(deriveKey(context, counting(length))), key, `${length} bytes`);
});

/** `crates/exchange/tests/vectors/code.hex`. */
const VECTOR = 'TWIN19J58HRYXEG4Z35FXABDJTF5TBNSCMSR9QWES84GVYDT8G0DM1XQNR289144GJ289144GJ289144GJ2AGKB4024KMDXVPAWHECNW62VBGDHJKME1M6GSNY3SVPW';

test('a code tells who invites, where and until when, however it was typed', () => {
  const read = readCode(VECTOR) as Code;
  assert.equal(read.fingerprint, '74222 07876 24303 87163 70785 89958');
  assert.deepEqual(read.addresses, ['tower.example:8443']);
  assert.equal(read.expires_ms % 60_000, 0);
  for (const typed of [VECTOR.toLowerCase(), (VECTOR.match(/.{1,5}/g) as string[]).join(' - '), `twinl${VECTOR.slice(5).replace(/0/g, 'o').replace(/1/g, 'I')}`]) {
    assert.deepEqual(readCode(typed), read, typed);
  }
});

test('what is no whole code is told apart', () => {
  const typo = `${VECTOR.slice(0, 60)}${VECTOR[60] === 'Z' ? 'Y' : 'Z'}${VECTOR.slice(61)}`;
  const cases: [string, string][] = [
    ['', 'notACode'], ['hello', 'notACode'], ['TWIN', 'incomplete'], ['TWIN1', 'incomplete'], ['TWIN0ABC', 'notACode'], ['TWIN2ABC', 'later'], [typo, 'mistyped'], [`${VECTOR}0`, 'mistyped'],
    [VECTOR.replace('J', 'U'), 'mistyped'], [' '.repeat(1001), 'notACode'],
  ];
  for (const [typed, problem] of cases) assert.equal(readCode(typed), problem, typed);
  for (let length = 5; length < VECTOR.length; length++) assert.equal(typeof readCode(VECTOR.slice(0, length)), 'string', `cut at ${length}`);
});

test('a fingerprint has thirty digits', () => {
  assert.match(fingerprintOf(new Uint8Array(32)), /^(\d{5} ){5}\d{5}$/);
});
