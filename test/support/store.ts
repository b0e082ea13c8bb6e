/**
 * What programs ask of a database, whatever stands behind it and whatever it takes for keys: MemDB
 * with its `Key`, or the model with a `KeySpec`.
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
