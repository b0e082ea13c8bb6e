import type { Key, ReadBatch } from '../index.js';
import { Chain } from './chain.js';
import { IndexEntry, type IndexField } from './indexentry.js';

/**
 * The index of a chain: a chain of `IndexEntry` under `key.Index`. Its entries have ascending fields, so one
 * is found in O(log n) reads.
 * @example
 * ```ts
 * db.update((batch) => {
 *   const index = new IndexChain(batch, Key.of('Account', 'bob', 'MainChain'));
 *   for (const source of [3, 8, 41]) index.add(new IndexEntry({ source }));
 *   index.find('source', 5).after()?.source; // 8
 * });
 * ```
 */
export class IndexChain {
  /** The chain that has the entries. */
  readonly chain: Chain;

  /** `key` and `markPower` are those of the chain that the index belongs to. */
  constructor(batch: ReadBatch, key: Key, markPower?: number) {
    this.chain = new Chain(batch, key.append('Index'), markPower);
  }

  /** How many entries there are. */
  get count(): number {
    return this.chain.head().count;
  }

  /**
   * Returns entry `i`. Throws `RangeError` if there is no such entry, `EncodingError` if it is damaged, and
   * what `Chain.entry` throws.
   */
  entry(i: number): IndexEntry {
    return IndexEntry.decode(this.chain.entry(i), `entry ${i} of ${this.chain.key}`);
  }

  /** Adds an entry and returns its index. Throws what `Chain.addEntry` throws. */
  add(entry: IndexEntry): number {
    return this.chain.addEntry(entry.encode());
  }

  /** Returns the search for a value of a field. Nothing is read until the result is asked for. */
  find(field: IndexField, value: number | bigint): IndexSearch {
    return new IndexSearch(this, field, value);
  }
}

/**
 * A search in the index of a chain. Each method reads O(log n) entries. Throws what `IndexChain.entry` throws.
 * @see IndexChain
 */
export class IndexSearch {
  readonly #index: IndexChain;
  readonly #field: IndexField;
  readonly #value: number | bigint;

  /** @internal */
  constructor(index: IndexChain, field: IndexField, value: number | bigint) {
    this.#index = index;
    this.#field = field;
    this.#value = value;
  }

  /** Returns the first entry that has the value, or undefined. */
  exact(): IndexEntry | undefined {
    const entry = this.after();
    // A number and a bigint can be equal.
    return entry && compare(entry[this.#field], this.#value) === 0 ? entry : undefined;
  }

  /** Returns the last entry whose field is the value or less, or undefined. */
  before(): IndexEntry | undefined {
    return this.#at(this.#count(1) - 1);
  }

  /** Returns the first entry whose field is the value or more, or undefined. */
  after(): IndexEntry | undefined {
    return this.#at(this.#count(0));
  }

  /** Returns how many entries come before the value or, if `limit` is 1, before what follows the value. */
  #count(limit: 0 | 1): number {
    let low = 0;
    let high = this.#index.count;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (compare(this.#index.entry(middle)[this.#field], this.#value) < limit) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #at(i: number): IndexEntry | undefined {
    return i >= 0 && i < this.#index.count ? this.#index.entry(i) : undefined;
  }
}

function compare(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
