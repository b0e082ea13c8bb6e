import { type InspectOptions, inspect } from 'node:util';
import { Reader } from '../record/reader.js';
import { writeUvarint, writeVarint } from '../record/varint.js';
import { combine, copyBytes, copyHash, HASH_SIZE, readHash } from './hash.js';
import { Roots } from './roots.js';
import { hex, show } from './show.js';

/** The bytes of a hash in the list: a length byte and the hash. */
const ITEM_SIZE = 1 + HASH_SIZE;
/** The largest count. Twice as much is still a safe integer. */
const MAX_COUNT = 2 ** 52 - 1;
/** The list starts here. The room before it holds the longest count, 52 roots and the list's length. */
const LIST_START = 1792;

/**
 * The state of a Merkle chain:
 *
 * - `count`: how many entries it has;
 * - `pending`: the roots of its complete sub-trees, one of 2^i entries for each bit i that is set in
 *   the count;
 * - `list`: the entries that were added since the last mark.
 *
 * The list is kept in its encoded form with room before it. So encoding after each entry copies a few
 * roots and not the whole list.
 * @example
 * ```ts
 * const state = new State();
 * state.add(Buffer.alloc(32, 1));
 * state.count; // 1
 * state.anchor()?.equals(Buffer.alloc(32, 1)); // true
 * State.decode(state.encode()).count; // 1
 * ```
 */
export class State {
  /** How many entries the chain has. */
  declare readonly count: number;
  /** Slot i: the root of the 2^i entries that bit i of the count stands for. */
  declare readonly pending: readonly (Uint8Array | undefined)[];
  /** The entries since the last mark. At a mark, these are the entries since the mark before it. */
  declare readonly list: readonly Uint8Array[];

  #count = 0;
  #pending: (Buffer | undefined)[] = [];
  #memory: Buffer = empty;
  #end = LIST_START;

  // They are own properties, so that test libraries compare states by value. They are computed at
  // each access, so a state that was used equals one that was not.
  static readonly #properties: PropertyDescriptorMap & ThisType<State> = {
    count: {
      enumerable: true,
      get() {
        return this.#count;
      },
    },
    pending: {
      enumerable: true,
      get() {
        return this.#pending.map((root) => root && Buffer.from(root));
      },
    },
    list: {
      enumerable: true,
      get() {
        return Array.from({ length: this.listLength }, (_, i) => this.listed(i));
      },
    },
  };

  constructor() {
    Object.defineProperties(this, State.#properties);
  }

  /**
   * Returns the state that `bytes` encode; `what` begins the message of an error. Throws `TypeError`
   * unless `bytes` is a Uint8Array (of any realm), and `EncodingError` unless it is exactly one
   * encoded state.
   */
  static decode(bytes: Uint8Array, what = 'chain state'): State {
    const own = copyBytes(bytes);
    if (!own) throw new TypeError(`${what}: an encoded state is a Uint8Array`);
    const reader = new Reader(own, what);
    const count = reader.varint();
    if (count < 0 || count > MAX_COUNT) throw reader.error(`a chain of ${count} entries`, 0);
    const state = new State();
    state.#count = Number(count);
    for (let rest = state.#count; rest > 0; rest = Math.floor(rest / 2)) {
      state.#pending.push(rest % 2 === 1 ? Buffer.from(readHash(reader)) : undefined);
    }
    const at = reader.position;
    const length = reader.uvarint();
    if (length > count) throw reader.error(`${length} entries in a chain of ${count}`, at);
    const list = reader.take(Number(length) * ITEM_SIZE);
    reader.end();
    for (let i = 0; i < list.length; i += ITEM_SIZE) {
      if (list[i] === HASH_SIZE) continue;
      throw reader.error('not a hash of 32 bytes', reader.position - list.length + i);
    }
    state.#reserve(list.length);
    state.#memory.set(list, LIST_START);
    state.#end += list.length;
    return state;
  }

  get listLength(): number {
    return (this.#end - LIST_START) / ITEM_SIZE;
  }

  /** Returns a copy of entry `i` of the list. Throws `RangeError` if there is no such entry. */
  listed(i: number): Buffer {
    if (!(i >= 0 && i < this.listLength)) {
      throw new RangeError(`entry ${i} of a list of ${this.listLength}`);
    }
    const at = LIST_START + i * ITEM_SIZE + 1;
    return Buffer.from(this.#memory.subarray(at, at + HASH_SIZE));
  }

  /** Writes entry `i` of the list, which must exist, to `target`. @internal */
  copyListed(i: number, target: Buffer, offset: number): void {
    const at = LIST_START + i * ITEM_SIZE + 1;
    this.#memory.copy(target, offset, at, at + HASH_SIZE);
  }

  /** `pending`, not copied. Callers must not change it. @internal */
  get roots(): readonly (Buffer | undefined)[] {
    return this.#pending;
  }

  /**
   * Adds an entry. If the state is at a mark (every 2^markPower entries), it empties the list first.
   * Throws `TypeError` unless the entry is a Uint8Array (of any realm), and `InvalidKeyError` unless
   * it has 32 bytes.
   */
  add(hash: Uint8Array, markPower = 8): void {
    let node = copyHash(hash);
    if (this.#count >= MAX_COUNT) throw new RangeError('the chain is full');
    if (this.#count % 2 ** markPower === 0) this.#end = LIST_START;
    this.#reserve(ITEM_SIZE);
    this.#memory[this.#end] = HASH_SIZE;
    this.#memory.set(node, this.#end + 1);
    this.#end += ITEM_SIZE;

    let slot = 0;
    for (let root = this.#pending[0]; root; root = this.#pending[++slot]) {
      node = combine(root, node);
      this.#pending[slot] = undefined;
    }
    this.#pending[slot] = node;
    this.#count++;
  }

  /** Returns the root of the whole chain: its pending roots, combined. Undefined if the chain is empty. */
  anchor(): Buffer | undefined {
    const { anchor } = new Roots(this.#pending);
    return anchor && Buffer.from(anchor);
  }

  /** Returns the stored form. */
  encode(): Buffer {
    return Buffer.from(this.encoded());
  }

  /** Returns the stored form as a view. The next `add` may change it. @internal */
  encoded(): Buffer {
    this.#reserve(0);
    const roots = this.#pending.reduce((n, root) => n + (root ? 1 : 0), 0);
    const length = this.listLength;
    const start = LIST_START - varintSize(2 * this.#count) - roots * ITEM_SIZE - varintSize(length);
    let offset = writeVarint(this.#count, this.#memory, start);
    for (const root of this.#pending) {
      if (!root) continue;
      this.#memory[offset] = HASH_SIZE;
      this.#memory.set(root, offset + 1);
      offset += ITEM_SIZE;
    }
    writeUvarint(length, this.#memory, offset);
    return this.#memory.subarray(start, this.#end);
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const anchor = this.anchor();
    const pending = this.#pending.map((root) => root && hex(root));
    const fields = { count: this.#count, anchor: anchor && hex(anchor), pending };
    return show('State', { ...fields, listLength: this.listLength }, depth, options);
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#memory.length) return;
    const memory = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#end));
    memory.set(this.#memory.subarray(LIST_START, this.#end), LIST_START);
    this.#memory = memory;
  }
}

const empty = Buffer.alloc(0);

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}
