import { randomFillSync } from 'node:crypto';
import { Header } from './layout.js';

/*
 * Distinguishes the memory of a database from a copy of its bytes. Memory that comes from another thread is
 * another JavaScript object. So a word is written to the one and read from the other.
 */

/** A memory that this thread is attached to, and in how many copies of the package. */
interface Attached {
  readonly buffer: SharedArrayBuffer;
  copies: number;
}

type Buffers = Map<string, Attached>;

/** Under this name every copy of the package in the thread finds the same buffers, by `Memory.id`. */
const BUFFERS = Symbol.for('accumulate-memdb/buffers/1');

/** Notes that this copy of the package attaches the thread to a memory. */
export function remember(id: string, buffer: SharedArrayBuffer): void {
  const known = buffers().get(id);
  if (known === undefined) buffers().set(id, { buffer, copies: 1 });
  else known.copies++;
}

/** Notes that it does so no longer. */
export function forget(id: string): void {
  const known = buffers().get(id);
  if (known !== undefined && --known.copies === 0) buffers().delete(id);
}

/** The memory with that id that the thread is attached to. */
export function remembered(id: string): SharedArrayBuffer | undefined {
  return buffers().get(id)?.buffer;
}

/** Whether two buffers are the same memory. */
export function isSameMemory(one: SharedArrayBuffer, other: SharedArrayBuffer): boolean {
  if (one === other) return true;
  const [written, read] = [new Int32Array(one), new Int32Array(other)];
  const [probe = 0] = randomFillSync(new Int32Array(1));
  for (;;) {
    Atomics.store(written, Header.Probe, probe);
    if (Atomics.load(read, Header.Probe) === probe) return true;
    // Else another thread wrote its own in between.
    if (Atomics.load(written, Header.Probe) === probe) return false;
  }
}

function buffers(): Buffers {
  const known = process as typeof process & { [BUFFERS]?: Buffers };
  known[BUFFERS] ??= new Map();
  return known[BUFFERS];
}
