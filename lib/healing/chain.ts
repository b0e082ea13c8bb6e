import { type InspectOptions, inspect } from 'node:util';
import { type Batch, EncodingError, type Key, type ReadBatch } from '../index.js';
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
 * A Merkle chain of hashes, kept under a key of a store. Its records are:
 *
 * - `key.Head`: its state;
 * - `key.States.i`: the state after every 2^markPower entries, where i is the index of the last one;
 * - `key.Element.i`: entry i;
 * - `key.ElementIndex.hash`: the index of the first entry with that hash.
 *
 * Every call reads the batch, so any number of chains can work on the same records through one batch.
 * Hashes have 32 bytes, and are copied in and out.
 *
 * Every method also throws what the batch's `get` and `put` throw, `NotFoundError` if a state is not
 * stored, and `EncodingError` if a record is damaged.
 * @example
 * ```ts
 * const batch = db.begin(null, true);
 * const chain = new Chain(batch, Key.of('Account', AccountUrl.parse('alice.acme'), 'MainChain'));
 * const entry = Buffer.alloc(32, 1);
 * chain.addEntry(entry); // 0
 * chain.addEntries([Buffer.alloc(32, 2), Buffer.alloc(32, 3)]); // 2
 * chain.indexOf(entry); // 0
 * chain.receipt(0).validate(); // true
 * batch.commit();
 * ```
 */
export class Chain {
  readonly #batch: Batch;
  readonly #layout: Layout;
  /** The state that this chain stored last. It need not be decoded if the store still has it. */
  #last: { state: State; bytes: Buffer } | undefined;

  /** `markPower` is an integer of 0 to 24, else this throws `RangeError`. Use the same one for all of a chain's life. */
  constructor(batch: ReadBatch, key: Key, markPower?: number);
  /** @internal */
  constructor(batch: ReadBatch, layout: Layout);
  constructor(batch: ReadBatch, where: Key | Layout, markPower = 8) {
    // If it is read-only, adding an entry throws `ReadOnlyBatchError`.
    this.#batch = batch as Batch;
    this.#layout = where instanceof Layout ? where : new Layout(where, markPower);
  }

  get key(): Key {
    return this.#layout.key;
  }

  get markPower(): number {
    return this.#layout.markPower;
  }

  /** Returns the same chain in another batch. Both share what they remember of keys and states. */
  over(batch: ReadBatch): Chain {
    return new Chain(batch, this.#layout);
  }

  /**
   * Adds an entry and returns its index. If `unique` is true and the chain has an entry with that
   * hash, it adds nothing and returns the index of that entry. Throws `TypeError` unless the hash is a
   * Uint8Array (of any realm), and `InvalidKeyError` unless it has 32 bytes.
   */
  addEntry(hash: Uint8Array, unique = false): number {
    const state = this.#state();
    const count = state.count;
    const index = this.#add(state, copyHash(hash), unique);
    this.#write(state, count);
    return index;
  }

  /**
   * Adds entries as `addEntry` does, but writes the head, which has up to 8 KB, only once. Returns how
   * many it added. If one of them is refused, it adds none.
   */
  addEntries(hashes: Iterable<Uint8Array>, unique = false): number {
    // All are copied first: the iterable may use this chain, or yield one array again and again.
    const copies = Array.from(hashes, copyHash);
    const state = this.#state();
    const count = state.count;
    for (const hash of copies) this.#add(state, hash, unique);
    this.#write(state, count);
    return state.count - count;
  }

  /** Returns the state of the chain. Changing it changes nothing in the store. */
  head(): State {
    const bytes = this.#batch.tryGet(this.#layout.head);
    return bytes ? State.decode(bytes, String(this.#layout.head)) : new State();
  }

  /** Returns entry `i`. Throws `RangeError` if the chain has no such entry. */
  entry(i: number): Buffer {
    if (Number.isSafeInteger(i) && i >= 0) {
      const key = this.#layout.element(i);
      const bytes = this.#batch.tryGet(key);
      // The reader below needs the key's text for its errors, which costs more than all this.
      if (bytes?.length === element.length && bytes[0] === HASH_SIZE) {
        return Buffer.from(bytes.subarray(1));
      }
      if (bytes) return decodeElement(bytes, key);
    }
    return this.#view().entry(i);
  }

  /** Returns the index of the first entry with that hash, or -1. */
  indexOf(hash: Uint8Array): number {
    return this.#indexAt(this.#layout.elementIndex(copyHash(hash)));
  }

  /** Returns the state that has entry `i` as its last. Throws `RangeError` if there is no such entry. */
  stateAt(i: number): State {
    return this.#view().stateAt(i);
  }

  /** Returns the root of the chain; undefined if the chain is empty. */
  anchor(): Buffer | undefined {
    return this.#view().anchor();
  }

  /**
   * Returns the proof that entry `from` is in the chain as of entry `to`, which is by default the last
   * one. Throws `RangeError` unless `from <= to` and the chain has both.
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
      // The batch may be closed, or the head damaged.
      return show('Chain', { key, error: (error as Error).message }, depth, options);
    }
  }

  #view(): View {
    return new View(this.#batch, this.#layout);
  }

  #state(): State {
    const bytes = this.#batch.tryGet(this.#layout.head);
    const last = this.#last;
    // It is set again once the state is stored, because adding to it may fail half-way.
    this.#last = undefined;
    if (!bytes) return new State();
    return last?.bytes.equals(bytes) ? last.state : State.decode(bytes, String(this.#layout.head));
  }

  /** `stored` is the count of the state in the store. */
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
    if (typeof index === 'bigint') throw new EncodingError(`${key}: ${index} is not an index`);
    return index;
  }
}

function decodeElement(bytes: Uint8Array, key: Key): Buffer {
  const reader = new Reader(bytes, String(key));
  const hash = readHash(reader);
  reader.end();
  return Buffer.from(hash);
}
