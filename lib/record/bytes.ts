import { types } from 'node:util';

const lengthOf = getterOf('length') as (this: Uint8Array) => number;

/** Whether the value is a Uint8Array, of this realm or of another one (a vm context, jsdom). */
export function isBytes(value: unknown): value is Uint8Array {
  return types.isUint8Array(value);
}

const bufferOf = getterOf('buffer') as (this: Uint8Array) => ArrayBufferLike;
const offsetOf = getterOf('byteOffset') as (this: Uint8Array) => number;

/** Returns an array of this realm's own class over the same bytes: to look at it runs no code of the user. */
export function plainView(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bufferOf.call(bytes), offsetOf.call(bytes), byteCount(bytes));
}

/** How many bytes there are, even if the array has a `length` of its own that says something else. */
export function byteCount(bytes: Uint8Array): number {
  return lengthOf.call(bytes);
}

/** The getter that all typed arrays share, whatever an array or its class has under that name. */
function getterOf(name: 'length' | 'buffer' | 'byteOffset'): unknown {
  return Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name)?.get;
}
