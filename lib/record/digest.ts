import { Bytes32 } from './bytes32.js';
import { writeHashInput } from './encoding.js';
import type { Part } from './part.js';
import { sha256 } from './sha256.js';
import { Target } from './target.js';

/** Where the input is written. Before it is room for a digest. */
const START = 64;
const scratch = new Target(new Uint8Array(1024));
const ZEROS = Bytes32.of(new Uint8Array(32));

/**
 * Returns the digest of parts: each makes it SHA-256 of the digest so far and the part's bytes. It
 * starts from `base`, or else from 32 zero bytes.
 * @throws InvalidKeyError if a part cannot be hashed.
 */
export function digestParts(parts: readonly Part[], base: Bytes32 | undefined): Bytes32 {
  let digest = base ?? ZEROS;
  for (const part of parts) digest = continueDigest(digest, part);
  return digest;
}

function continueDigest(digest: Bytes32, part: Part): Bytes32 {
  let target = scratch;
  let end = writeHashInput(part, target, START);
  while (end < 0) {
    target = target.larger();
    end = writeHashInput(part, target, START);
  }
  // The length of the input stands before it, as a varint.
  let start = START;
  while ((target.bytes[start] as number) >= 0x80) start++;
  // The digest overwrites the length, so that digest and input are adjacent.
  start = start + 1 - 32;
  digest.writeBytes(target.view, start);
  return Bytes32.of(sha256(target.bytes.subarray(start, end)));
}
