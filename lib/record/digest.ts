import { writeHashInput } from './encoding.js';
import type { Part } from './part.js';
import { sha256 } from './sha256.js';

/** Room before the input for a digest; the bytes to hash begin behind their length. */
const START = 64;
const scratch = new Uint8Array(1024);

/**
 * Continues a digest with parts: each makes it SHA-256 of the digest and the part's bytes.
 * Without `base` it starts from 32 zero bytes.
 * @throws InvalidKeyError for a part that cannot be hashed.
 */
export function digestParts(parts: readonly Part[], base: Uint8Array | undefined): Uint8Array {
  let digest = base ?? new Uint8Array(32);
  for (const part of parts) digest = continueDigest(digest, part);
  return digest;
}

function continueDigest(digest: Uint8Array, part: Part): Uint8Array {
  let target = scratch;
  let end = writeHashInput(part, target, START);
  while (end < 0) {
    target = new Uint8Array(target.length * 4);
    end = writeHashInput(part, target, START);
  }
  let start = START;
  while ((target[start] as number) >= 0x80) start++;
  // The digest takes the place of the length.
  start = start + 1 - digest.length;
  target.set(digest, start);
  return sha256(target.subarray(start, end));
}
