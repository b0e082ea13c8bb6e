import type { Exchange } from './exchange.js';

/** The engines that exist: the C++ core, and pure TypeScript. */
export const ENGINE_NAMES = ['native', 'fallback'] as const;

/**
 * The engine that a database is in.
 * @example
 * ```ts
 * const engine: EngineName = db.engine;
 * ['native', 'fallback'].includes(engine); // true
 * ```
 */
export type EngineName = (typeof ENGINE_NAMES)[number];

/**
 * What an engine returns in place of a length or an id. A status is 0 or less, so that one integer carries
 * either.
 */
export const Status = {
  Ok: 0,
  /** The batch sees no such key. */
  Absent: -1,
  /** The slab is too small; `words[Word.Needed]` has the bytes needed. Nothing was done. */
  NoRoom: -2,
  /** The database is closed, for every thread. */
  Closed: -3,
  /** `maxBytes` would be passed, or memory cannot be allocated. Nothing was done. */
  Full: -4,
  /** The lock was not free within the slice; `words[Word.Holder]` has the thread that holds it. */
  Busy: -5,
  /** This thread holds the database's transaction mutex already. */
  Nested: -6,
  /** The handle is not of a database of this process. */
  InvalidHandle: -7,
  /** An unknown id, or a position outside the exchange: a use that the public API never makes. */
  Misuse: -8,
  /** What an optimistic batch read has changed: see `Engine.commit`. */
  Conflict: -9,
} as const;

export type Status = (typeof Status)[keyof typeof Status];

/** What `Engine.begin` takes, added up. */
export const BeginFlag = {
  Writable: 1,
  /** `endCalls` ends the batch if nothing else does. */
  OfCall: 2,
  /** The batch keeps what it and the batches nested in it read, and its commit compares that. */
  Optimistic: 4,
} as const;

/**
 * The positions of what `stats` returns. From `Threads` on there are three numbers for each attached thread:
 * its thread id, its open batches, its open snapshots.
 */
export const Stat = {
  Entries: 0,
  /** Bytes of the keys (binary form) and values of `Entries`. */
  Bytes: 1,
  /** Bytes held in all: entries, superseded versions, tables, free space. */
  HeldBytes: 2,
  OpenBatches: 3,
  /** Distinct versions that open root batches and iterations pin. */
  OpenSnapshots: 4,
  /** Superseded versions, deletions too, that are not freed yet. */
  Superseded: 5,
  Commits: 6,
  /** Milliseconds since the oldest open pin was taken; 0 without any. */
  OldestPinAge: 7,
  /** The limit of `Bytes`; Infinity without one. */
  MaxBytes: 8,
  Threads: 9,
} as const;

/**
 * One engine in one thread. Everything is integers. Databases, batches and cursors are ids of this thread. Keys
 * and values pass through the exchange, where `at` locates a key. An engine checks only
 * what protects memory. What is closed, read-only or of the wrong type is checked by `lib/memdb.ts` and `lib/batch.ts`.
 *
 * Methods return a length or id (0 or more) or a `Status` (below 0). No method throws.
 */
export interface Engine {
  readonly name: EngineName;
  readonly exchange: Exchange;
  /** How long `update` and `commit` wait for the transaction mutex if the caller sets no limit, ms. */
  readonly lockTimeout: number;

  /** Creates a database; `maxBytes` bounds `Stat.Bytes` (Infinity: no bound). */
  create(maxBytes: number): number;
  attach(handle: SharedArrayBuffer): number;
  /** What other threads attach by. Its first words are the engine's mark, see `handle.ts`. */
  handle(database: number): SharedArrayBuffer;
  /** Ends this thread's attachment. If the thread created the database, closes it for all and frees the data. */
  close(database: number): void;
  /** Whether the database is closed for all. */
  closed(database: number): boolean;
  stats(database: number): number[];
  /** How many commits there were, or a status. */
  version(database: number): number;

  /**
   * Waits at most `slice` ms for the transaction mutex: Ok, Busy, Nested, or Closed. The caller repeats it, so
   * that a waiting thread can still be terminated.
   */
  lock(database: number, slice: number): number;
  unlock(database: number): void;
  /**
   * Takes the transaction mutex like `lock`, but never waits. After Busy this thread has a place among those that
   * wait, which it keeps until Ok or `leave`. To be called again when `raise` of `alarm.ts` was called.
   */
  join(database: number): number;
  /** Gives up the place, if there is one. */
  leave(database: number): void;

  /** `flags` are those of `BeginFlag`. */
  begin(database: number, flags: number): number;
  beginNested(parent: number, writable: boolean): number;
  /** The version that the batch's root sees, or a status. */
  batchVersion(batch: number): number;
  /** Returns the value's length; its bytes are in the slab at `words[Word.SlabPosition]`. */
  get(batch: number, at: number): number;
  /** Like get, into `target`, which has exactly the value's length. */
  getInto(batch: number, at: number, target: Uint8Array): number;
  /** Ok or Absent. */
  has(batch: number, at: number): number;
  /**
   * Looks up `count` keys, whose records stand in the exchange's input. Lengths (or Absent) go to `results`,
   * values to the slab, one after the other, each at a `valuePosition`. Returns how many bytes they take, or NoRoom.
   */
  getMany(batch: number, count: number): number;
  /** The stored key and the value stand in the exchange. */
  put(batch: number, at: number, keyLength: number, valueLength: number): number;
  /** For a key or value too large for the exchange. */
  putLarge(batch: number, at: number, key: Uint8Array, value: Uint8Array): number;
  delete(batch: number, at: number): number;
  /** Deletes what `cursor` would show. Optimistic batches count it as an iteration. */
  clear(batch: number, filter: Uint8Array): number;
  /**
   * Commits and closes the batch. For a root batch it takes the transaction mutex, and waits at most `slice` ms:
   * after Busy nothing was done, and the caller repeats it. If this thread holds the mutex already, `locked`
   * must be true, else it returns Nested. After Full the batch stays open as it was. Then
   * `exchange.number` has how many bytes the database would have, or 0 if memory cannot be allocated.
   *
   * After Conflict, an optimistic batch is closed and nothing was written. Some of the keys that changed
   * stand in the exchange's input, one after the other. `results` has their number and then the length of
   * each, or Absent if a digest stands for the key.
   */
  commit(batch: number, locked: boolean, slice: number): number;
  /**
   * Writes digests of the keys that an optimistic batch has read to the exchange's input. Begins with the one at
   * index `from`. Returns how many, 0 at the end. `results` has 1 if the batch has iterated, else 0.
   */
  reads(batch: number, from: number): number;
  /** Closes the batch and the batches nested in it. */
  discard(batch: number): void;
  /** Discards the batches of calls, and gives the transaction mutex back if this thread holds it. */
  endCalls(database: number): void;

  /**
   * Starts an iteration over what the batch sees now; it lives on after the batch is closed. Shows the pairs whose
   * keys begin with the prefix that `filter` is made of (see `prefixForm`), all if that is empty. With `keysOnly`
   * their values are empty.
   */
  cursor(batch: number, keysOnly: boolean, filter: Uint8Array): number;
  /**
   * Returns how many pairs come next, 0 at the end. Their key and value lengths stand in turns in `results`. Their
   * bytes stand in the slab, key then value, one after the other. Each value is at a `valuePosition`. NoRoom if
   * not even one pair fits.
   */
  next(cursor: number): number;
  endCursor(cursor: number): void;

  /** Frees some of the superseded versions that nothing can see, in bounded time; returns how many are left. */
  reclaim(database: number): number;
  /** Announces the buffer that `exchange.slab` is about to be. */
  useSlab(slab: Buffer): void;
}
