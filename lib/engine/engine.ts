import type { Exchange } from './exchange.js';

/** The engines there are: the C++ core, and pure TypeScript. */
export type EngineName = 'native' | 'fallback';

/**
 * What an engine answers instead of a length or an id. Always negative, so one
 * integer carries either.
 */
export const Status = {
  Ok: 0,
  /** No such key in what the batch sees. */
  Absent: -1,
  /** The slab is too small; `words[Word.Needed]` tells the bytes needed. Nothing was done. */
  NoRoom: -2,
  /** The database is closed (for every thread). */
  Closed: -3,
  /** `maxBytes` would be passed, or memory cannot be had. Nothing was done. */
  Full: -4,
  /** The lock was not got within the slice asked for. `words[Word.Holder]` tells whose thread holds it. */
  Busy: -5,
  /** This thread holds the database's transaction mutex already. */
  Nested: -6,
  /** No handle of a database of this process. */
  InvalidHandle: -7,
  /** A use the typed face never makes: an unknown id, a position outside the exchange. */
  Misuse: -8,
} as const;

export type Status = (typeof Status)[keyof typeof Status];

/**
 * What `stats` answers, by position; from `Threads` on, three numbers for each
 * attached thread: its thread id, its open batches, its open snapshots.
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
  /** Superseded versions (deletions too) not freed yet. */
  Superseded: 5,
  Commits: 6,
  /** Milliseconds since the oldest open pin was taken; 0 when there is none. */
  OldestPinAge: 7,
  Threads: 8,
} as const;

/**
 * One engine in one thread. Everything is integers: databases, batches and
 * cursors are ids of this thread, keys and values pass through the `exchange`,
 * `at` locates a key in it (see `Exchange`). An engine keeps no state check of
 * its own beyond what protects memory; closed, read-only and argument checks
 * are the face's (`lib/memdb.ts`, `lib/batch.ts`).
 *
 * Answers are a length or id (>= 0) or a `Status` (< 0). No method throws.
 */
export interface Engine {
  readonly name: EngineName;
  readonly exchange: Exchange;
  /** How long `update` and `commit` wait for the transaction mutex when the caller sets no limit, ms. */
  readonly lockTimeout: number;

  /** A new database; `maxBytes` bounds `Stat.Bytes` (Infinity: no bound). */
  create(maxBytes: number): number;
  attach(handle: SharedArrayBuffer): number;
  /** What other threads attach by. Its first words are the engine's mark, see `handle.ts`. */
  handle(database: number): SharedArrayBuffer;
  /** Ends this thread's attachment; of the database's creator: closes it for all and frees the data. */
  close(database: number): void;
  /** Whether the database is closed for all. */
  closed(database: number): boolean;
  stats(database: number): number[];

  /**
   * Waits at most `slice` ms for the transaction mutex: Ok, Busy, Nested, or Closed.
   * The caller repeats, so that a thread which waits can still be terminated.
   */
  lock(database: number, slice: number): number;
  unlock(database: number): void;

  begin(database: number, writable: boolean): number;
  beginNested(parent: number, writable: boolean): number;
  /** The value's length; its bytes are in the slab at `words[Word.SlabPosition]`. */
  get(batch: number, at: number): number;
  /** Like get, into `target` of exactly the value's length. */
  getInto(batch: number, at: number, target: Uint8Array): number;
  /** Ok or Absent. */
  has(batch: number, at: number): number;
  /**
   * Looks up the `count` keys whose records stand in the exchange's input; lengths (or Absent)
   * go to `results`, values to the slab, one after the other. Answers the bytes written, or NoRoom.
   */
  getMany(batch: number, count: number): number;
  /** The stored key and the value stand in the exchange. */
  put(batch: number, at: number, keyLength: number, valueLength: number): number;
  /** For a key or value too large for the exchange. */
  putLarge(batch: number, at: number, key: Uint8Array, value: Uint8Array): number;
  delete(batch: number, at: number): number;
  /**
   * Commits and closes the batch. A root batch takes the transaction mutex, waiting at most
   * `slice` ms (Busy: nothing was done, repeat), unless this thread holds it: then `locked` must be
   * true, else Nested. On Full the batch stays open as it was.
   */
  commit(batch: number, locked: boolean, slice: number): number;
  /** Closes the batch and the batches nested in it. */
  discard(batch: number): void;

  /** Starts an iteration over what the batch sees now; it lives on when the batch is closed. */
  cursor(batch: number): number;
  /**
   * The next pairs: answers how many (0 at the end), with key and value lengths in turns in
   * `results` and the bytes, key then value, one after the other in the slab. NoRoom when not
   * even one fits.
   */
  next(cursor: number): number;
  endCursor(cursor: number): void;

  /**
   * Frees some of the superseded versions that nothing can see any more, in bounded time;
   * answers how many such are left.
   */
  reclaim(database: number): number;
  /** Announces that `exchange.slab` is another buffer now. */
  slabChanged(): void;
}
