import { hash } from 'node:crypto';
import { InvalidKeyError } from '../errors.js';
import type { Reader } from '../record/reader.js';

/** The bytes of a hash: of an entry, a node and an anchor. */
export const HASH_SIZE = 32;

const pair = Buffer.allocUnsafeSlow(2 * HASH_SIZE);

/** SHA-256 of the two hashes, `left` first. */
export function combine(left: Uint8Array, right: Uint8Array): Buffer {
  pair.set(left, 0);
  pair.set(right, HASH_SIZE);
  return Buffer.from(sha256(pair), 'latin1');
}

/** Writes to `offset` of `nodes` the SHA-256 of the two hashes that stand, side by side, at `from`. */
export function combineAt(nodes: Buffer, from: number, offset: number): void {
  nodes.write(sha256(nodes.subarray(from, from + 2 * HASH_SIZE)), offset, HASH_SIZE, 'latin1');
}

/** `value` itself, a hash of 32 bytes. Throws `InvalidKeyError` for any other length. */
export function checkHash(value: Uint8Array): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError('a hash is a Uint8Array of 32 bytes');
  if (value.length !== HASH_SIZE) {
    throw new InvalidKeyError(`a hash of ${value.length} bytes, where 32 are expected`);
  }
  return value;
}

/** The hash that comes next, as a view. Throws `EncodingError` unless its length byte says 32. */
export function readHash(reader: Reader): Uint8Array {
  const at = reader.position;
  const bytes = reader.bytes();
  if (bytes.length !== HASH_SIZE) {
    throw reader.error(`a hash of ${bytes.length} bytes, where 32 are expected`, at);
  }
  return bytes;
}

// As a string, because crypto makes one in less than half the time that it takes for a Buffer.
function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'binary');
}
