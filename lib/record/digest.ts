import { Bytes32 } from './bytes32.js';
import { writeHashInput } from './encoding.js';
import type { Part } from './part.js';
import { sha256 } from './sha256.js';
import { Target } from './target.js';

/** Room before the input for a digest; the bytes to hash begin behind their length. */
const START = 64;
const scratch = new Target(new Uint8Array(1024));
const ZEROS = Bytes32.of(new Uint8Array(32));

/**
 * Continues a digest with parts: each makes it SHA-256 of the digest and the part's bytes.
 * Without `base` it starts from 32 zero bytes.
 * @throws InvalidKeyError for a part that cannot be hashed.
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
  let start = START;
  while ((target.bytes[start] as number) >= 0x80) start++;
  // The digest takes the place of the length.
  start = start + 1 - 32;
  digest.writeBytes(target.view, start);
  return Bytes32.of(sha256(target.bytes.subarray(start, end)));
}
