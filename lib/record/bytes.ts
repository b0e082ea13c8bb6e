import { types } from 'node:util';

const lengthOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  'length',
)?.get as () => number;

/** Whether the value is a Uint8Array, of this realm or of another one (a vm context, jsdom). */
export function isBytes(value: unknown): value is Uint8Array {
  return types.isUint8Array(value);
}

/** How many bytes there are, even if the array has a `length` of its own that says something else. */
export function byteCount(bytes: Uint8Array): number {
  return lengthOf.call(bytes);
}
