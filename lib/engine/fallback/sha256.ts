/** SHA-256 of a digest followed by more bytes: what a key's digest is made of, part by part. */

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** The end of the message: a one bit, and its length in eight bytes. */
const PADDING_BYTES = 9;

/** The fractional parts of the square roots of the first 8 primes, and of the cube roots of the first 64. */
const INITIAL = fractions(8, Math.sqrt);
const CONSTANTS = fractions(64, Math.cbrt);

const state = new Int32Array(8);
const schedule = new Int32Array(64);
const blocks = new Uint8Array(2 * BLOCK_BYTES);

/**
 * Writes to `bytes[to]` and on the SHA-256 of the 32 bytes at `from` and the `length` bytes at
 * `start`. They may overlap.
 */
export function extendDigest(
  bytes: Uint8Array,
  from: number,
  start: number,
  length: number,
  to: number,
): void {
  state.set(INITIAL);
  let done = 0;
  // The digest and the first half block; what does not fill a block waits for the padding.
  for (let n = 0; n < DIGEST_BYTES; n++) blocks[n] = bytes[from + n] as number;
  let filled = DIGEST_BYTES;
  for (; done < length; done++) {
    blocks[filled++] = bytes[start + done] as number;
    if (filled === BLOCK_BYTES) {
      compress(0);
      filled = 0;
    }
  }
  const end = filled + PADDING_BYTES <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;
  blocks[filled] = 0x80;
  blocks.fill(0, filled + 1, end);
  const bits = (DIGEST_BYTES + length) * 8;
  for (let n = 0; n < 4; n++) blocks[end - 1 - n] = bits >>> (8 * n);
  compress(0);
  if (end > BLOCK_BYTES) compress(BLOCK_BYTES);
  for (let n = 0; n < 8; n++) {
    const word = state[n] as number;
    bytes[to + 4 * n] = word >>> 24;
    bytes[to + 4 * n + 1] = word >>> 16;
    bytes[to + 4 * n + 2] = word >>> 8;
    bytes[to + 4 * n + 3] = word;
  }
}

/** Takes the block at `at` into the state. */
function compress(at: number): void {
  const w = schedule;
  for (let n = 0; n < 16; n++) {
    const byte = at + 4 * n;
    w[n] =
      ((blocks[byte] as number) << 24) |
      ((blocks[byte + 1] as number) << 16) |
      ((blocks[byte + 2] as number) << 8) |
      (blocks[byte + 3] as number);
  }
  for (let n = 16; n < 64; n++) {
    const x = w[n - 15] as number;
    const y = w[n - 2] as number;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[n] = ((w[n - 16] as number) + s0 + (w[n - 7] as number) + s1) | 0;
  }
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  let f = state[5] as number;
  let g = state[6] as number;
  let h = state[7] as number;
  for (let n = 0; n < 64; n++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const choice = g ^ (e & (f ^ g));
    const t1 = (h + s1 + choice + (CONSTANTS[n] as number) + (w[n] as number)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const majority = (a & b) | (c & (a | b));
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + s0 + majority) | 0;
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
  state[4] = (state[4] as number) + e;
  state[5] = (state[5] as number) + f;
  state[6] = (state[6] as number) + g;
  state[7] = (state[7] as number) + h;
}

function fractions(count: number, root: (prime: number) => number): Int32Array {
  const found = new Int32Array(count);
  for (let number = 2, n = 0; n < count; number++) {
    let prime = true;
    for (let divisor = 2; divisor * divisor <= number; divisor++) {
      if (number % divisor === 0) prime = false;
    }
    if (prime) found[n++] = (root(number) % 1) * 2 ** 32;
  }
  return found;
}
