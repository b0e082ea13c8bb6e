import type { Key, KeyLike } from './record/key.js';

/** What can be stored: bytes, a string (as UTF-8), or `null` (no bytes). */
export type Value = Uint8Array | string | null;

/** Reads and writes of values by key. */
export interface Store {
  /** Returns the value of `key`; throws `NotFoundError` if there is no value. */
  get(key: KeyLike): Uint8Array;
  put(key: KeyLike, value: Value): void;
  /** Deleting what is not there is fine. */
  delete(key: KeyLike): void;
  /** Calls `fn` with every pair, each once, in no particular order. */
  forEach(fn: (key: Key, value: Uint8Array) => void): void;
}

/** Something that batches of changes can be begun on. */
export interface Beginner {
  /** A batch whose keys all follow `prefix`; read-only unless `writable`. */
  begin(prefix?: KeyLike, writable?: boolean): ChangeSet;
}

/** A store whose changes take effect together, at commit, or not at all. */
export interface ChangeSet extends Store, Beginner {
  commit(): void;
  /** Always safe, also after commit. */
  discard(): void;
}
