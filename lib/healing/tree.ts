import { combineAt, HASH_SIZE } from './hash.js';
import type { State } from './state.js';

/**
 * The complete sub-trees over the entries of one set, or over those that the set has so far.
 * Immutable.
 */
export class Tree {
  /** The nodes of level 0 (the entries), then those of level 1, and so on. */
  readonly #nodes: Buffer;
  /** Where each level begins, in nodes. */
  readonly #starts: number[] = [];
  /** How many entries there are. */
  readonly length: number;

  /** `state` lists the entries. */
  constructor(state: State) {
    this.length = state.listLength;
    let size = 0;
    for (let width = this.length; width > 0; width >>>= 1) {
      this.#starts.push(size);
      size += width;
    }
    this.#nodes = Buffer.allocUnsafeSlow(size * HASH_SIZE);
    for (let i = 0; i < this.length; i++) state.copyListed(i, this.#nodes, i * HASH_SIZE);
    for (let level = 1; level < this.#starts.length; level++) {
      const below = this.#starts[level - 1] as number;
      const start = this.#starts[level] as number;
      for (let i = 0; i < this.length >>> level; i++) {
        combineAt(this.#nodes, (below + 2 * i) * HASH_SIZE, (start + i) * HASH_SIZE);
      }
    }
  }

  /** Returns a copy of the root of entries `index * 2^level` to `(index + 1) * 2^level - 1`. */
  node(level: number, index: number): Buffer {
    return Buffer.from(this.#view(level, index));
  }

  /** Returns the root of the first 2^level entries, not copied. */
  root(level: number): Buffer {
    return this.#view(level, 0);
  }

  #view(level: number, index: number): Buffer {
    const start = this.#starts[level];
    if (start === undefined || index >= this.length >>> level) {
      throw new RangeError(`no sub-tree ${index} of 2^${level} in ${this.length} entries`);
    }
    const at = (start + index) * HASH_SIZE;
    return this.#nodes.subarray(at, at + HASH_SIZE);
  }
}
