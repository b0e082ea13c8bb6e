import type { Key, KeyLike } from './record/key.js';

/**
 * What can be stored: bytes, a string (as UTF-8), or `null` (no bytes).
 * @example
 * ```ts
 * const values: Value[] = ['text', Buffer.from([1, 2]), null];
 * db.update((b) => values.forEach((value, n) => b.put(Key.of('v', uint(n)), value)));
 * db.view((b) => b.get(Key.of('v', uint(2))).length); // 0
 * ```
 */
export type Value = Uint8Array | string | null;

/**
 * Reads and writes of values by key.
 * @example
 * ```ts
 * // Works on a batch, and on anything else that has these four methods.
 * const copy = (from: Store, to: Store) => from.forEach((key, value) => to.put(key, value));
 * const other = new MemDB();
 * other.update((to) => db.view((from) => copy(from as Batch, to)));
 * ```
 */
export interface Store {
  /** Returns the value of `key`; throws `NotFoundError` if there is no value. */
  get(key: KeyLike): Uint8Array;
  /** Sets the value of `key`. Throws `ReadOnlyBatchError` if the store cannot be written. */
  put(key: KeyLike, value: Value): void;
  /** Deleting what is not there is fine. */
  delete(key: KeyLike): void;
  /** Calls `fn` with every pair, each once, in no particular order. */
  forEach(fn: (key: Key, value: Uint8Array) => void): void;
}

/**
 * Something that batches of changes can be begun on.
 * @example
 * ```ts
 * const heights = (store: Beginner) => store.begin(Key.of('heights'), true);
 * const batch = heights(db);
 * heights(batch).discard(); // a batch begins batches, too
 * batch.discard();
 * ```
 */
export interface Beginner {
  /** A batch whose keys all follow `prefix`; read-only unless `writable`. */
  begin(prefix?: KeyLike, writable?: boolean): ChangeSet;
}

/**
 * A store whose changes take effect together, at commit, or not at all.
 * @example
 * ```ts
 * const finish = (changes: ChangeSet, good: boolean) => (good ? changes.commit() : changes.discard());
 * finish(db.begin(null, true), true);
 * ```
 */
export interface ChangeSet extends Store, Beginner {
  /** Makes the changes take effect, all at once. Throws `BatchClosedError` after the end. */
  commit(): void;
  /** Always safe, also after commit. */
  discard(): void;
}
