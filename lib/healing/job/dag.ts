import { sha256 } from '../../record/sha256.js';

/** The roots of smaller sub-trees are not remembered, but computed again. */
const REMEMBERED_SIZE = 16;

/** The roots of the sub-trees at a chain's beginning, if its entries there are not known. */
export interface Given {
  /** How many entries the roots cover. */
  readonly count: number;
  /** Slot i: the root of 2^i entries, for each bit i that is set in `count`. */
  readonly roots: readonly (Uint8Array | undefined)[];
}

/**
 * The Merkle DAG over a list of entries, by its recursive definition. The root of one entry is the
 * entry. The root of more entries is SHA-256 of two roots: that of the first 2^n entries and that of
 * the rest. Here n is the largest number that leaves a rest. The class shares no code with `Chain`,
 * because it checks `Chain`.
 */
export class Dag {
  readonly #entry: (index: number) => Uint8Array;
  readonly #given: Given | undefined;
  /** Roots of complete sub-trees: by size, then by start. */
  readonly #roots = new Map<number, Map<number, Uint8Array>>();

  /** `entry(i)` returns entry i; it is called only for entries after `given`. */
  constructor(entry: (index: number) => Uint8Array, given?: Given) {
    this.#entry = entry;
    this.#given = given;
  }

  /** Returns the root of the first `count` entries. */
  root(count: number): Uint8Array {
    if (!(count > 0)) throw new RangeError(`a root of ${count} entries`);
    return this.#root(0, count);
  }

  #root(start: number, size: number): Uint8Array {
    if (this.#given && start + size <= this.#given.count) return this.#givenRoot(start, size);
    if (size === 1) return this.#entry(start);
    let left = 1;
    while (2 * left < size) left *= 2;
    const remembered = 2 * left === size && size >= REMEMBERED_SIZE;
    let root = remembered ? this.#roots.get(size)?.get(start) : undefined;
    if (root) return root;
    root = pair(this.#root(start, left), this.#root(start + left, size - left));
    if (remembered) {
      const sameSize = this.#roots.get(size) ?? new Map<number, Uint8Array>();
      this.#roots.set(size, sameSize.set(start, root));
    }
    return root;
  }

  #givenRoot(start: number, size: number): Uint8Array {
    const root = this.#given?.roots[Math.log2(size)];
    if (!root) throw new RangeError(`no root of ${size} entries from ${start} was given`);
    return root;
  }
}

/** Returns SHA-256 of two hashes. */
export function pair(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(Buffer.concat([left, right]));
}
