import { sha256Latin1 } from '../../record/sha256.js';
import type { ReceiptFields } from '../receipt.js';
import { Dag, type Given } from './dag.js';

const HASH_SIZE = 32;

// Returns the real length. A property of the array can hide it.
const lengthOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  'length',
)?.get as (this: Uint8Array) => number;

/** Two hashes to be hashed together. Both halves are written before each use. */
const block = Buffer.alloc(2 * HASH_SIZE);

/** Checks receipts of a chain against its entries, which it gets from elsewhere. */
export class Checker {
  readonly #entry: (index: number) => Uint8Array;
  readonly #dag: Dag;
  // The last results are kept, because many receipts in a row end at the same entry.
  #root: { count: number; hash: Uint8Array } | undefined;
  #end: { index: number; hash: Uint8Array } | undefined;

  /** `entry(i)` returns entry i; it is called only for entries after `given`. */
  constructor(entry: (index: number) => Uint8Array, given?: Given) {
    this.#entry = entry;
    this.#dag = new Dag(entry, given);
  }

  /** Returns the root of the first `count` entries. */
  root(count: number): Uint8Array {
    if (this.#root?.count !== count) this.#root = { count, hash: this.#dag.root(count) };
    return this.#root.hash;
  }

  /** Returns what is wrong with a receipt that should prove entry `index`; undefined if it is right. */
  fault(receipt: ReceiptFields, index: number): string | undefined {
    const { start, startIndex, end, endIndex, anchor } = receipt;
    if (startIndex !== index) return `it starts at entry ${startIndex}`;
    if (!same(start, this.#entry(startIndex))) return `its start is not entry ${startIndex}`;
    if (!end || !same(end, this.#endOf(endIndex))) return `its end is not entry ${endIndex}`;
    if (!same(anchor, this.root(endIndex + 1))) {
      return `its anchor is not that of ${endIndex + 1} entries`;
    }
    return this.#pathFault(receipt);
  }

  #endOf(index: number): Uint8Array {
    if (this.#end?.index !== index) this.#end = { index, hash: this.#entry(index) };
    return this.#end.hash;
  }

  /** Returns what is wrong with the path from the start to the anchor. The start is known to be right. */
  #pathFault({ start, anchor, entries }: ReceiptFields): string | undefined {
    // It is text, because that takes crypto half the time that a Buffer takes.
    let current = Buffer.from(start).toString('latin1');
    for (const [i, { hash, right }] of entries.entries()) {
      const size = lengthOf.call(hash);
      if (size !== HASH_SIZE) return `its hash ${i} has ${size} bytes`;
      block.write(current, right ? 0 : HASH_SIZE, HASH_SIZE, 'latin1');
      block.set(hash, right ? HASH_SIZE : 0);
      current = sha256Latin1(block);
    }
    return same(Buffer.from(current, 'latin1'), anchor)
      ? undefined
      : 'it does not lead to its anchor';
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
