import { PageUse } from './layout.js';
import type { Thread } from './threads.js';

/**
 * Whose a session is, in one 64-bit integer, so that it changes at once. It holds the thread, the first
 * bits of its family, and a generation that grows each time the session is claimed. Its lower half is 0
 * while the session is free.
 */
export type Identity = bigint;

const GENERATION_BITS = 14;
const GENERATIONS = 1 << GENERATION_BITS;
const FAMILY_BITS = 18;
const FAMILIES = 1 << FAMILY_BITS;
const SESSION_BITS = 8;

/** Which of the two words of an identity is the lower half. */
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
export const LOWER_HALF = isLittleEndian ? 0 : 1;

/** The identity of the session after it was `before`, and is the thread's. */
export function claimed(before: Identity, thread: Thread): Identity {
  const generation = (generationOf(before) + 1) % GENERATIONS;
  return pack(1 + thread.threadId, generation, thread.family % FAMILIES);
}

/** The identity of the session after it was `before`, and is free. */
export function freed(before: Identity): Identity {
  return pack(0, generationOf(before), 0);
}

/** The thread id, or -1 if the session is free. */
export function threadOf(identity: Identity): number {
  return Number(BigInt.asUintN(32, identity)) - 1;
}

export function generationOf(identity: Identity): number {
  return upperHalf(identity) % GENERATIONS;
}

/** Whether the thread may be of that family. */
export function mayBeOf(identity: Identity, family: number): boolean {
  return upperHalf(identity) >>> GENERATION_BITS === family % FAMILIES;
}

/** A positive number of 23 bits for a session, which no other, nor a later one in its place, has. */
export function tokenOf(session: number, identity: Identity): number {
  return 1 + session + (generationOf(identity) << SESSION_BITS);
}

export function sessionOf(token: number): number {
  return (token - 1) & ((1 << SESSION_BITS) - 1);
}

/** What the page map says of a page for the pins of a session. */
export function pageUse(session: number, identity: Identity): number {
  return PageUse.Session + tokenOf(session, identity);
}

function upperHalf(identity: Identity): number {
  return Number(BigInt.asUintN(32, identity >> 32n));
}

function pack(lower: number, generation: number, family: number): Identity {
  const upper = family * GENERATIONS + generation;
  return BigInt.asIntN(64, (BigInt(upper) << 32n) | BigInt(lower));
}
