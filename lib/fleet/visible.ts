import type { Key, KeyLike, PrefixOptions, ReadBatch } from '../index.js';
import { isPosition, POSITION } from './position.js';

/** What a replica passes to the function of `view`: a read-only batch whose iterations leave the position out. */
export class Visible implements ReadBatch {
  readonly #inner: ReadBatch;

  constructor(inner: ReadBatch) {
    this.#inner = inner;
  }

  get closed(): boolean {
    return this.#inner.closed;
  }

  get writable(): boolean {
    return this.#inner.writable;
  }

  get version(): number {
    return this.#inner.version;
  }

  get(key: KeyLike): Buffer {
    return this.#inner.get(key);
  }

  tryGet(key: KeyLike): Buffer | undefined {
    return this.#inner.tryGet(key);
  }

  getMany(keys: readonly KeyLike[]): (Buffer | undefined)[] {
    return this.#inner.getMany(keys);
  }

  has(key: KeyLike): boolean {
    return this.#inner.has(key);
  }

  forEach: ReadBatch['forEach'] = (fn) => {
    this.#inner.forEach(visibly(fn));
  };

  entries(options?: PrefixOptions): IterableIterator<[Key, Buffer]> {
    return visiblePairs(this.#inner.entries(options));
  }

  keys(options?: PrefixOptions): IterableIterator<Key> {
    return visibleKeys(this.#inner.keys(options));
  }

  [Symbol.iterator](): IterableIterator<[Key, Buffer]> {
    return this.entries();
  }

  begin(prefix?: KeyLike, writable?: false): ReadBatch {
    return new Visible(this.#inner.begin(prefix, writable));
  }

  discard(): void {
    this.#inner.discard();
  }

  [Symbol.dispose](): void {
    this.discard();
  }
}

type Visit = Parameters<ReadBatch['forEach']>[0];

/** Returns a function that calls `fn` with every pair but the position. */
export function visibly(fn: Visit): Visit {
  // Not a function: the iteration says so.
  if (typeof fn !== 'function') return fn;
  return (key, value) => (isPosition(key, value) ? undefined : fn(key, value));
}

/** The keys of an iteration without the position. */
export function* visibleKeys(keys: IterableIterator<Key>): IterableIterator<Key> {
  for (const key of keys) if (!key.equals(POSITION)) yield key;
}

/** The pairs of an iteration without the position. */
export function* visiblePairs(
  pairs: IterableIterator<[Key, Buffer]>,
): IterableIterator<[Key, Buffer]> {
  for (const pair of pairs) if (!isPosition(...pair)) yield pair;
}
