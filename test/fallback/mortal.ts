import { createHash } from 'node:crypto';
import { LOWER_HALF } from '../../dist/lib/engine/fallback/identity.js';
import { Session } from '../../dist/lib/engine/fallback/layout.js';
import { Memory, sessionWord } from '../../dist/lib/engine/fallback/memory.js';
import { Pending } from '../../dist/lib/engine/fallback/pending.js';
import { Store } from '../../dist/lib/engine/fallback/store.js';

/** Thrown where a thread dies. */
export class Death extends Error {}

/** How the engine writes to shared memory, but for the contents of new blocks. */
type Write = 'setWord' | 'setNumber' | 'store' | 'add' | 'swap' | 'swapLong' | 'publish';

export const ALL_WRITES: readonly Write[] = [
  'setWord',
  'setNumber',
  'store',
  'add',
  'swap',
  'swapLong',
  'publish',
];

/**
 * Lets whoever uses this view of the memory do `lives` of the writes named, and die before the next.
 * No more of them happen, whatever its code does on the way out.
 */
export function mortal(memory: Memory, lives: number, writes: readonly Write[]): void {
  let left = lives;
  for (const name of writes) {
    const write = Memory.prototype[name] as (...values: number[]) => unknown;
    Object.defineProperty(memory, name, {
      configurable: true,
      value: (...values: number[]) => {
        if (left-- <= 0) throw new Death();
        return write.apply(memory, values);
      },
    });
  }
}

/** Makes it known to all that the thread of a session is dead. */
export function declareDead(memory: Memory, session: number): void {
  const noThread = 1_000_000_000;
  memory.words[sessionWord(session) + Session.Identity + LOWER_HALF] = noThread;
  memory.words[sessionWord(session) + Session.Task] = 0;
}

/** A copy of a database, with no thread attached to it. */
export function copyOf(memory: Memory): Memory {
  const { byteLength, maxByteLength } = memory.buffer;
  const buffer = new SharedArrayBuffer(byteLength, { maxByteLength });
  new Uint8Array(buffer).set(new Uint8Array(memory.buffer));
  const copy = Memory.of(buffer);
  if (copy === undefined) throw new Error('the copy is not taken for a database');
  return copy;
}

/** Another view of the same memory, as another thread would have it. */
export function viewOf(memory: Memory): Memory {
  const view = Memory.of(memory.buffer);
  if (view === undefined) throw new Error('the memory is not taken for a database');
  return view;
}

export function open(memory: Memory): Store {
  const store = Store.open(memory);
  if (store === undefined) throw new Error('there is no free session');
  return store;
}

export function digestOf(key: string): Int32Array {
  return new Int32Array(new Uint8Array(createHash('sha256').update(key).digest()).buffer);
}

/** What is to be written: values by key, undefined for a deletion. */
export type Writes = ReadonlyMap<string, string | undefined>;

export function pendingOf(store: Store, writes: Writes): Pending {
  const pending = new Pending();
  for (const [key, value] of writes) {
    const digest = digestOf(key);
    const tag = store.tagOf(digest, 0);
    if (value === undefined) {
      pending.delete(tag, digest, 0);
    } else {
      const pair = Buffer.from(key + value);
      const record = pending.claim(tag, digest, 0, key.length, value.length);
      pending.array(record).set(pair, pending.start(record));
    }
  }
  return pending;
}

/** `Batch.commit` without a batch: what it returns. */
export function commit(store: Store, writes: Writes): number {
  const locked = store.lock(0);
  if (locked < 0) return locked;
  const status = store.commit(pendingOf(store, writes));
  if (status === 0) store.freeSome();
  store.mutex.release();
  return status;
}
