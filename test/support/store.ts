/**
 * What programs need of a database, whatever it is and whatever it takes as keys: MemDB with `Key`, or
 * the model with `KeySpec`.
 */
export interface Database<K> {
  begin(prefix?: K | null, writable?: boolean): Batch<K>;
  view<T>(fn: (batch: Batch<K>) => T): T;
  update<T>(fn: (batch: Batch<K>) => T): T;
  stats(): { entries: number; bytes: number; openBatches: number };
  close(): void;
}

export interface Batch<K> {
  get(key: K | null): Uint8Array;
  tryGet(key: K | null): Uint8Array | undefined;
  has(key: K | null): boolean;
  getMany(keys: readonly (K | null)[]): (Uint8Array | undefined)[];
  put(key: K | null, value: Uint8Array | string | null): void;
  delete(key: K | null): void;
  forEach(fn: (key: K, value: Uint8Array) => void): void;
  entries(): IterableIterator<[K, Uint8Array]>;
  begin(prefix?: K | null, writable?: boolean): Batch<K>;
  commit(): void;
  discard(): void;
}
