/**
 * What the workloads run on: a store, seen through the few calls that all of them have. The names
 * are those of the package under test, so that its own batches are used as they are; what stands
 * between a workload and another store is one call, which the compiler takes in.
 */

/** Reads of one state of the store. Only memory-level answers some calls with a promise. */
export interface Reader<K> {
  /** The value, for a key that is there. */
  get(key: K): Uint8Array | undefined;
  /** The value, or undefined, for a key that may be missing. */
  tryGet(key: K): Uint8Array | undefined;
  getMany(keys: readonly K[]): (Uint8Array | undefined)[];
  /** Calls `fn` with every pair; what a key is there differs from store to store. */
  forEach(fn: (key: unknown, value: Uint8Array) => void): void | Promise<void>;
  discard(): void | Promise<void>;
}

/** Writes that take effect together. A value may be changed by the caller once it is put. */
export interface Writer<K> {
  tryGet(key: K): Uint8Array | undefined;
  put(key: K, value: Uint8Array): void;
}

/** A store of one subject. `A` is what it keeps of an account, `K` its form of a key. */
export interface Store<A = unknown, K = unknown> {
  /** What a program has at hand of an account: its URL, read, and the account id computed. */
  account(url: string): A;

  /** The keys of healing, made anew from their parts, as healing makes them for every access. */
  head(account: A): K;
  state(account: A, index: number | bigint): K;
  element(account: A, index: number): K;
  elementIndex(account: A, hash: Uint8Array): K;

  /** The cheapest way there is to read the store as it is now. */
  read(): Reader<K>;
  /** A reader that later writes do not change, where the store has such; else what it has. */
  begin(): Reader<K>;
  /** Runs `fn` and makes what it wrote part of the store, at once. */
  update(fn: (writer: Writer<K>) => void): void | Promise<void>;

  close(): void | Promise<void>;
}

export const subjectNames = [
  'native',
  'fallback',
  'map',
  'lmdb',
  'lmdb-fast',
  'memory-level',
] as const;

export type SubjectName = (typeof subjectNames)[number];

export interface Subject {
  readonly name: SubjectName;
  open(): Store | Promise<Store>;
}
