/**
 * Returns the tag of a digest, a 32-bit integer that places its key in the table. It
 * is HalfSipHash-1-3 of the eight words at `at` under the seed `k0`, `k1`. It has a
 * seed because a caller may choose digests.
 */
export function tagOf(words: Int32Array, at: number, k0: number, k1: number): number {
  let v0 = k0;
  let v1 = k1;
  let v2 = k0 ^ 0x6c796765;
  let v3 = k1 ^ 0x74656462;
  for (let i = 0; i <= 11; i++) {
    // Eight words, the length in the last block, and three rounds that end it.
    const word = i < 8 ? (words[at + i] as number) : i === 8 ? 32 << 24 : 0;
    if (i === 9) v2 ^= 0xff;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return v1 ^ v3;
}
