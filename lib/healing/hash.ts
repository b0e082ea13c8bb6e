import { types } from 'node:util';
import { InvalidKeyError } from '../errors.js';
import type { Reader } from '../record/reader.js';
import { sha256Latin1 } from '../record/sha256.js';

/** How many bytes an entry, a node and an anchor have. */
export const HASH_SIZE = 32;

// Returns the real length, by which `set` copies. A property of the array can hide it.
const lengthOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  'length',
)?.get as (this: Uint8Array) => number;

const pair = Buffer.allocUnsafeSlow(2 * HASH_SIZE);

/** Returns SHA-256 of `left` and then `right`. Throws `InvalidKeyError` unless both have 32 bytes. */
export function combine(left: Uint8Array, right: Uint8Array): Buffer {
  // A shorter hash would leave bytes of an earlier call in the scratch.
  checkSize(left);
  checkSize(right);
  pair.set(left, 0);
  pair.set(right, HASH_SIZE);
  return Buffer.from(sha256Latin1(pair), 'latin1');
}

/** Returns SHA-256 of `left` and then `right`, each of any length. */
export function combineWhole(left: Uint8Array, right: Uint8Array): Buffer {
  return Buffer.from(sha256Latin1(Buffer.concat([left, right])), 'latin1');
}

/** Hashes the 64 bytes (two hashes) at `from` of `nodes`, and writes the result to `offset`. */
export function combineAt(nodes: Buffer, from: number, offset: number): void {
  nodes.write(
    sha256Latin1(nodes.subarray(from, from + 2 * HASH_SIZE)),
    offset,
    HASH_SIZE,
    'latin1',
  );
}

/**
 * Returns a copy of a hash. Throws `TypeError` unless it is a Uint8Array (of any realm), and
 * `InvalidKeyError` unless it has 32 bytes.
 */
export function copyHash(value: Uint8Array): Buffer {
  if (!types.isUint8Array(value)) throw new TypeError('a hash is a Uint8Array of 32 bytes');
  checkSize(value);
  const copy = Buffer.allocUnsafe(HASH_SIZE);
  copy.set(value);
  return copy;
}

/** Returns a copy of the bytes; undefined unless `value` is a Uint8Array (of any realm). */
export function copyBytes(value: unknown): Buffer | undefined {
  if (!types.isUint8Array(value)) return undefined;
  const copy = Buffer.allocUnsafe(lengthOf.call(value));
  // If its buffer was transferred, an array has no bytes, and `set` would throw.
  if (copy.length > 0) copy.set(value);
  return copy;
}

function checkSize(hash: Uint8Array): void {
  const size = lengthOf.call(hash);
  if (size !== HASH_SIZE) {
    throw new InvalidKeyError(`a hash of ${size} bytes, where ${HASH_SIZE} are expected`);
  }
}

/** Returns the next hash as a view. Throws `EncodingError` unless its length byte is 32. */
export function readHash(reader: Reader): Uint8Array {
  const at = reader.position;
  const bytes = reader.bytes();
  if (bytes.length !== HASH_SIZE) {
    throw reader.error(`a hash of ${bytes.length} bytes, where 32 are expected`, at);
  }
  return bytes;
}
