import { type InspectOptions, inspect } from 'node:util';
import { type Batch, EncodingError, type Key } from '../index.js';
import { Reader } from '../record/reader.js';
import { writeUvarint } from '../record/varint.js';
import { copyHash, HASH_SIZE, readHash } from './hash.js';
import { Layout } from './layout.js';
import type { Receipt } from './receipt.js';
import { hex, show } from './show.js';
import { State } from './state.js';
import { View } from './view.js';

const element = Buffer.alloc(1 + HASH_SIZE, HASH_SIZE);
const varint = Buffer.alloc(10);

/**
 * A Merkle chain of hashes, kept under a key of a store: `key.Head` is its state, `key.States.i`
 * the state at every 2^markPower entries (i is the last of them), `key.Element.i` entry i, and
 * `key.ElementIndex.hash` the index of the first entry with that hash.
 *
 * Everything is read from the batch at every call, so any number of chains may work on the same
 * records through the same batch. Hashes passed in and out are copies, of 32 bytes.
 *
 * Besides what is said of each method, all throw what the batch's `get` and `put` throw, among
 * them `NotFoundError` for a state that should be stored and is not, and `EncodingError` for a
 * record that is damaged.
 */
export class Chain {
  readonly #batch: Batch;
  readonly #layout: Layout;
  /** The state as it was last stored, to go on from without decoding it again. */
  #last: { state: State; bytes: Buffer } | undefined;

  /** `markPower`: an integer of 0 to 24, else `RangeError`. A chain keeps the one it was begun with. */
  constructor(batch: Batch, key: Key, markPower?: number);
  /** @internal */
  constructor(batch: Batch, layout: Layout);
  constructor(batch: Batch, where: Key | Layout, markPower = 8) {
    this.#batch = batch;
    this.#layout = where instanceof Layout ? where : new Layout(where, markPower);
  }

  get key(): Key {
    return this.#layout.key;
  }

  get markPower(): number {
    return this.#layout.markPower;
  }

  /** The same chain in another batch; it shares what is remembered of keys and states. */
  over(batch: Batch): Chain {
    return new Chain(batch, this.#layout);
  }

  /**
   * Adds an entry and answers its index. When `unique` is set and the chain has an entry of that
   * hash, nothing is added, and the answer is the index of that one. Throws `InvalidKeyError` for
   * a hash that is not 32 bytes.
   */
  addEntry(hash: Uint8Array, unique = false): number {
    const state = this.#state();
    const count = state.count;
    const index = this.#add(state, copyHash(hash), unique);
    this.#write(state, count);
    return index;
  }

  /**
   * Adds entries as `addEntry` does, but writes the head, which is as large as 8 KB, only once.
   * Answers how many were added; when one of them is refused, none is.
   */
  addEntries(hashes: Iterable<Uint8Array>, unique = false): number {
    // Copies of all of them first: the iterable may use this chain, or one array for all hashes.
    const copies = Array.from(hashes, copyHash);
    const state = this.#state();
    const count = state.count;
    for (const hash of copies) this.#add(state, hash, unique);
    this.#write(state, count);
    return state.count - count;
  }

  /** The state of the chain as it is; changing it changes nothing in the store. */
  head(): State {
    const bytes = this.#batch.tryGet(this.#layout.head);
    return bytes ? State.decode(bytes, String(this.#layout.head)) : new State();
  }

  /** Entry `i`. Throws `RangeError` when the chain has no such entry. */
  entry(i: number): Buffer {
    if (Number.isSafeInteger(i) && i >= 0) {
      const key = this.#layout.element(i);
      const bytes = this.#batch.tryGet(key);
      // The key's text, which an error would begin with, costs more than the rest.
      if (bytes?.length === element.length && bytes[0] === HASH_SIZE) {
        return Buffer.from(bytes.subarray(1));
      }
      if (bytes) return decodeElement(bytes, key);
    }
    return this.#view().entry(i);
  }

  /** The index of the first entry of that hash, or -1. */
  indexOf(hash: Uint8Array): number {
    return this.#indexAt(this.#layout.elementIndex(copyHash(hash)));
  }

  /** The state of which entry `i` is the last. Throws `RangeError` when the chain has no such entry. */
  stateAt(i: number): State {
    return this.#view().stateAt(i);
  }

  /** The root of the chain as it is; undefined when it is empty. */
  anchor(): Buffer | undefined {
    return this.#view().anchor();
  }

  /**
   * The proof that entry `from` is in the chain as of entry `to` (by default the last one). Throws
   * `RangeError` unless `from <= to` and the chain has both.
   */
  receipt(from: number, to?: number): Receipt {
    const view = this.#view();
    return view.receipt(from, to ?? view.count - 1);
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const key = String(this.key);
    try {
      const head = this.head();
      const anchor = head.anchor();
      const fields = { key, height: head.count, anchor: anchor && hex(anchor) };
      return show('Chain', fields, depth, options);
    } catch (error) {
      // The batch may be closed, and the head damaged.
      return show('Chain', { key, error: (error as Error).message }, depth, options);
    }
  }

  #view(): View {
    return new View(this.#batch, this.#layout);
  }

  #state(): State {
    const bytes = this.#batch.tryGet(this.#layout.head);
    const last = this.#last;
    // Until it is written again: whoever adds to it may fail half-way.
    this.#last = undefined;
    if (!bytes) return new State();
    return last?.bytes.equals(bytes) ? last.state : State.decode(bytes, String(this.#layout.head));
  }

  /** `stored`: the count of the state in the store. */
  #write(state: State, stored: number): void {
    const bytes = state.encoded();
    if (state.count > stored) this.#batch.put(this.#layout.head, bytes);
    this.#last = { state, bytes };
  }

  #add(state: State, hash: Uint8Array, unique: boolean): number {
    const key = this.#layout.elementIndex(hash);
    const count = state.count;
    if (unique) {
      const index = this.#indexAt(key);
      if (index >= 0) return index;
    }
    const batch = this.#batch;
    if (unique || !batch.has(key)) {
      batch.put(key, varint.subarray(0, writeUvarint(count, varint, 0)));
    }
    element.set(hash, 1);
    batch.put(this.#layout.element(count), element);
    state.add(hash, this.markPower);
    if (state.count % this.#layout.setSize === 0) {
      batch.put(this.#layout.state(count), state.encoded());
    }
    return count;
  }

  #indexAt(key: Key): number {
    const bytes = this.#batch.tryGet(key);
    if (!bytes) return -1;
    const reader = new Reader(bytes, String(key));
    const index = reader.uvarint();
    reader.end();
    if (typeof index === 'bigint') throw new EncodingError(`${key}: ${index} is no index`);
    return index;
  }
}

function decodeElement(bytes: Uint8Array, key: Key): Buffer {
  const reader = new Reader(bytes, String(key));
  const hash = readHash(reader);
  reader.end();
  return Buffer.from(hash);
}
