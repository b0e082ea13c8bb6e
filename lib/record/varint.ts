/*
 * Varints as Go's encoding/binary writes them: seven bits a byte, lowest first, at most 10 bytes for
 * 64 bits. Signed ones zigzag: 0, -1, 1, -2 are written as 0, 1, 2, 3.
 */

/**
 * A 64-bit integer: a `number` if it is a safe integer, else a `bigint`. So small ones are cheap, and
 * none loses a digit.
 */
export type Integer = number | bigint;

/** The most bytes a varint takes. */
export const MAX_VARINT = 10;

const INT64_LOW = -(2n ** 63n);
const INT64_HIGH = 2n ** 63n - 1n;
const UINT64_HIGH = 2n ** 64n - 1n;

/** Returns the integer, as a number if it is a safe one. */
export function narrow(value: bigint): Integer {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Returns the value as a signed 64-bit integer, or undefined if it is not one. */
export function asInt64(value: unknown): Integer | undefined {
  // Adding 0 turns -0 into 0.
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value + 0 : undefined;
  if (typeof value !== 'bigint') return undefined;
  return value >= INT64_LOW && value <= INT64_HIGH ? narrow(value) : undefined;
}

/** Returns the value as an unsigned 64-bit integer, or undefined if it is not one. */
export function asUint64(value: unknown): Integer | undefined {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && value >= 0 ? value + 0 : undefined;
  }
  if (typeof value !== 'bigint') return undefined;
  return value >= 0n && value <= UINT64_HIGH ? narrow(value) : undefined;
}

/**
 * Writes an unsigned varint and returns the offset after it. Returns -1 if it does not fit; then some
 * bytes from `offset` on may have been written.
 */
export function writeUvarint(value: Integer, target: Uint8Array, offset: number): number {
  if (typeof value === 'bigint') return writeBig(value, target, offset);
  let rest = value;
  let at = offset;
  // Beyond 31 bits there are no bit operations. Division by a power of two is exact.
  for (; rest > 0x7fffffff; rest = Math.floor(rest / 0x80)) {
    if (at >= target.length) return -1;
    target[at++] = (rest % 0x80) | 0x80;
  }
  for (; rest >= 0x80; rest >>= 7) {
    if (at >= target.length) return -1;
    target[at++] = (rest & 0x7f) | 0x80;
  }
  if (at >= target.length) return -1;
  target[at] = rest;
  return at + 1;
}

/** Writes a zigzag varint as `writeUvarint` does. */
export function writeVarint(value: Integer, target: Uint8Array, offset: number): number {
  if (typeof value === 'bigint') {
    return writeBig(value < 0n ? -2n * value - 1n : 2n * value, target, offset);
  }
  // Twice a safe integer may not be safe, so the sign and six bits go first.
  const sign = value < 0 ? 1 : 0;
  const magnitude = value < 0 ? -value - 1 : value;
  if (offset >= target.length) return -1;
  const first = (magnitude % 0x40) * 2 + sign;
  if (magnitude < 0x40) {
    target[offset] = first;
    return offset + 1;
  }
  target[offset] = first | 0x80;
  return writeUvarint(Math.floor(magnitude / 0x40), target, offset + 1);
}

function writeBig(value: bigint, target: Uint8Array, offset: number): number {
  let rest = value;
  let at = offset;
  for (; rest >= 0x80n; rest >>= 7n) {
    if (at >= target.length) return -1;
    target[at++] = Number(rest & 0x7fn) | 0x80;
  }
  if (at >= target.length) return -1;
  target[at] = Number(rest);
  return at + 1;
}

/** Returns the signed integer that an unsigned one stands for in zigzag. */
export function unzigzag(value: Integer): Integer {
  if (typeof value === 'bigint') return narrow(value & 1n ? -(value >> 1n) - 1n : value >> 1n);
  return value % 2 === 0 ? value / 2 : -(value - 1) / 2 - 1;
}
