/**
 * The calls that all stores have, so that every workload runs on every store. The names are those of
 * the package under test: its own batches are used as they are. For another store, one call stands
 * between it and the workload, which V8 inlines.
 */

/** Reads of one state of the store. Only memory-level returns a promise from some calls. */
export interface Reader<K> {
  /** The value of a key that is there. */
  get(key: K): Uint8Array | undefined;
  /** The value, or undefined, of a key that may be missing. */
  tryGet(key: K): Uint8Array | undefined;
  getMany(keys: readonly K[]): (Uint8Array | undefined)[];
  /** Calls `fn` with every pair; the form of the key differs between stores. */
  forEach(fn: (key: unknown, value: Uint8Array) => void): void | Promise<void>;
  discard(): void | Promise<void>;
}

/** The calls that a reader has alike if `get` is all that its store can do. */
export abstract class Gets<K> {
  abstract get(key: K): Buffer | undefined;

  tryGet(key: K): Buffer | undefined {
    return this.get(key);
  }

  getMany(keys: readonly K[]): (Buffer | undefined)[] {
    return keys.map((key) => this.get(key));
  }
}

/** Writes that take effect together. The caller may change a value once it is put. */
export interface Writer<K> {
  tryGet(key: K): Uint8Array | undefined;
  put(key: K, value: Uint8Array): void;
}

/** A store of one subject. `A` is what it keeps of an account, `K` its form of a key. */
export interface Store<A = unknown, K = unknown> extends Keys<A, K> {
  /** The cheapest way to read the store as it is now. */
  read(): Reader<K>;
  /** A reader that later writes do not change, if the store has such. */
  begin(): Reader<K>;
  /** Runs `fn` and makes its writes part of the store, all at once. */
  update(fn: (writer: Writer<K>) => void): void | Promise<void>;

  close(): void | Promise<void>;
}

/** The keys of healing. Each call makes a new key from its parts, as healing does for every access. */
export interface Keys<A, K> {
  /** What a program has at hand of an account: its URL, parsed, and the account id computed. */
  account(url: string): A;
  head(account: A): K;
  state(account: A, index: number | bigint): K;
  element(account: A, index: number): K;
  elementIndex(account: A, hash: Uint8Array): K;
}

/** The subjects, in the order of the tables, each in one line. */
export const subjects = {
  native: 'this package on its native engine',
  fallback: 'this package on its TypeScript fallback',
  'map-simple': 'a Map as written without much thought: one createHash for each part, keys in hex',
  'map-careful':
    'a Map written with care: the digest of the leading parts remembered, one-shot hashing, binary keys',
  lmdb: 'lmdb keyed by digests: getBinary, putSync in transactionSync, noSync, in /dev/shm',
  'lmdb-fast':
    'the same with getBinaryFast, whose value lasts until the next read; single gets only',
  'memory-level': 'memory-level keyed by digests: getSync; batch returns a promise, awaited',
} as const;

export type SubjectName = keyof typeof subjects;

export const subjectNames = Object.keys(subjects) as SubjectName[];

/** The subjects for all work but single gets. */
export const stores = subjectNames.filter((name) => name !== 'lmdb-fast');

export interface Subject {
  readonly name: SubjectName;
  open(): Store | Promise<Store>;
}
