import type { ReceiptFields } from '../receipt.js';
import { Dag, type Given, pair } from './dag.js';

/** Checks receipts of a chain against its entries, which it is told apart from them. */
export class Checker {
  readonly #entry: (index: number) => Uint8Array;
  readonly #dag: Dag;
  /** The root that was last computed: many receipts in turn end at the same entry. */
  #root: { count: number; hash: Uint8Array } | undefined;

  /** `entry` answers entry i, of those after `given`. */
  constructor(entry: (index: number) => Uint8Array, given?: Given) {
    this.#entry = entry;
    this.#dag = new Dag(entry, given);
  }

  /** The root over the first `count` entries. */
  root(count: number): Uint8Array {
    if (this.#root?.count !== count) this.#root = { count, hash: this.#dag.root(count) };
    return this.#root.hash;
  }

  /** What is wrong with a receipt that should be of entry `index`; undefined when it is right. */
  fault(receipt: ReceiptFields, index: number): string | undefined {
    const { start, startIndex, end, endIndex, anchor, entries } = receipt;
    if (startIndex !== index) return `it starts at entry ${startIndex}`;
    if (!same(start, this.#entry(startIndex))) return `its start is not entry ${startIndex}`;
    if (!end || !same(end, this.#entry(endIndex))) return `its end is not entry ${endIndex}`;
    if (!same(anchor, this.root(endIndex + 1))) {
      return `its anchor is not that of ${endIndex + 1} entries`;
    }
    let current = start;
    for (const [i, { hash, right }] of entries.entries()) {
      if (hash.length !== anchor.length) return `its hash ${i} has ${hash.length} bytes`;
      current = right ? pair(current, hash) : pair(hash, current);
    }
    return same(current, anchor) ? undefined : 'it does not lead to its anchor';
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
