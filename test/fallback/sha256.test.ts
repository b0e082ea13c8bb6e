import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { extendDigest } from '../../dist/lib/engine/fallback/sha256.js';
import { Random, runSeed } from '../support/random.js';

it('extendDigest is SHA-256 of the digest and the bytes, for all lengths to beyond four blocks', () => {
  const random = new Random(runSeed('sha256.test.ts'));
  for (let length = 0; length < 300; length++) {
    const message = random.bytes(32 + length);
    const bytes = new Uint8Array(1024);
    bytes.set(message.subarray(0, 32), 64);
    bytes.set(message.subarray(32), 512);
    extendDigest(bytes, 64, 512, length, 96);
    const digest = createHash('sha256').update(message).digest();
    expect(Buffer.from(bytes.subarray(96, 128))).toEqual(digest);
    expect(Buffer.from(bytes.subarray(64, 96))).toEqual(Buffer.from(message.subarray(0, 32)));
  }
});
