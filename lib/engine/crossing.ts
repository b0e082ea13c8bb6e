import { types } from 'node:util';
import type { Value } from '../keyvalue.js';
import type { Key } from '../record/key.js';
import { type Engine, Status } from './engine.js';
import { Region, SLAB_SIZE, Word } from './exchange.js';
import { failure } from './failure.js';
import { Ladder } from './ladder.js';
import type { Pairs } from './pairs.js';
import { Slab } from './slab.js';
import { StoredKeys } from './stored.js';

const encoder = new TextEncoder();

/** With fewer bytes left in the slab than this, a run of pairs goes to a new one. */
const ROOM_FOR_PAIRS = SLAB_SIZE / 4;

/**
 * The way from the typed face into one engine: lays keys and values out in the exchange, calls the
 * engine, and turns its answers into Buffers and errors. One per engine and thread. Knows nothing
 * of the state of batches, and must not be entered again from inside: no caller's code runs here.
 */
export class Crossing {
  readonly engine: Engine;
  readonly #ladder: Ladder;
  readonly #stored: StoredKeys;
  readonly #slab: Slab;
  readonly #values: Uint8Array;
  /** Bytes per key of the last `getMany`, from which room for the next is reckoned. */
  #typicalSize = 0;

  constructor(engine: Engine) {
    const { exchange } = engine;
    this.engine = engine;
    this.#ladder = new Ladder(exchange);
    this.#stored = new StoredKeys(exchange);
    this.#slab = new Slab(engine);
    this.#values = exchange.bytes.subarray(Region.Value, Region.Value + Region.ValueSize);
  }

  /** The value, a Buffer of the caller's, or undefined. */
  get(batch: number, prefix: Key | undefined, key: Key): Buffer | undefined {
    this.#slab.keep();
    const at = this.#ladder.locate(prefix, key);
    const length = this.engine.get(batch, at);
    if (length < Status.Absent && length !== Status.NoRoom) throw failure(length);
    this.#ladder.settle();
    if (length >= 0) return this.#slab.take(length);
    return length === Status.Absent ? undefined : this.#getLarge(batch, at);
  }

  has(batch: number, prefix: Key | undefined, key: Key): boolean {
    const status = this.engine.has(batch, this.#ladder.locate(prefix, key));
    if (status < Status.Absent) throw failure(status);
    this.#ladder.settle();
    return status === Status.Ok;
  }

  /** The values of `keys`, in order, in groups that the exchange has room for. */
  getMany(batch: number, prefix: Key | undefined, keys: readonly Key[]): (Buffer | undefined)[] {
    const found: (Buffer | undefined)[] = [];
    let most: number = Region.ResultCount;
    while (found.length < keys.length) {
      const from = found.length;
      const wanted = Math.min(keys.length - from, most, this.#likelyToFit());
      this.#slab.keepRoom(Math.min(wanted * this.#typicalSize, SLAB_SIZE));
      const count = this.#writeRecords(prefix, keys, from, from + wanted);
      const size = this.engine.getMany(batch, count);
      if (size < 0 && size !== Status.NoRoom) throw failure(size);
      this.#ladder.settle();
      if (size >= 0) {
        this.#typicalSize = Math.ceil(size / count);
        this.#slab.takeMany(count, found);
        continue;
      }
      if (this.#needed() <= SLAB_SIZE) this.#slab.renew();
      else if (count > 1) most = count >> 1;
      else found.push(this.get(batch, prefix, keys[from] as Key));
    }
    return found;
  }

  put(batch: number, prefix: Key | undefined, key: Key, value: Value): void {
    const valueLength = this.#writeValue(value);
    const keyLength = this.#stored.write(prefix, key);
    // The key is located last: nothing may come between that and the call that hashes it.
    const status =
      valueLength < 0 || keyLength < 0
        ? this.#putLarge(batch, prefix, key, value)
        : this.engine.put(batch, this.#ladder.locate(prefix, key), keyLength, valueLength);
    if (status < 0) throw failure(status);
    this.#ladder.settle();
  }

  delete(batch: number, prefix: Key | undefined, key: Key): void {
    const status = this.engine.delete(batch, this.#ladder.locate(prefix, key));
    if (status < Status.Absent) throw failure(status);
    this.#ladder.settle();
  }

  /** The next pairs of an iteration, or undefined at its end. */
  next(cursor: number): Pairs | undefined {
    this.#slab.keepRoom(ROOM_FOR_PAIRS);
    let count = this.engine.next(cursor);
    if (count === Status.NoRoom) {
      this.#slab.renew(Math.max(this.#needed(), SLAB_SIZE));
      count = this.engine.next(cursor);
    }
    if (count < 0) throw failure(count);
    return count === 0 ? undefined : this.#slab.takePairs(count);
  }

  #needed(): number {
    return this.engine.exchange.words[Word.Needed] as number;
  }

  /** A value for which there is no room in what is left of the slab. */
  #getLarge(batch: number, at: number): Buffer {
    const needed = this.#needed();
    if (needed <= SLAB_SIZE / 4) {
      this.#slab.renew();
      const length = this.engine.get(batch, at);
      if (length < 0) throw failure(length);
      return this.#slab.take(length);
    }
    const value = Buffer.allocUnsafeSlow(needed);
    const length = this.engine.getInto(batch, at, value);
    if (length < 0) throw failure(length);
    return value;
  }

  /** How many values of the typical size a slab has room for. */
  #likelyToFit(): number {
    return Math.max(1, Math.floor(SLAB_SIZE / Math.max(1, this.#typicalSize)));
  }

  /** Writes records of the keys from `from` to before `to`; answers how many found room. */
  #writeRecords(prefix: Key | undefined, keys: readonly Key[], from: number, to: number): number {
    let offset: number = Region.Input;
    for (let n = from; n < to; n++) {
      offset = this.#ladder.record(prefix, keys[n] as Key, offset);
      if (offset < 0) return n - from;
    }
    return to - from;
  }

  /** Copies a value to the exchange and answers its length, or -1 when it is too large. */
  #writeValue(value: Value): number {
    if (value === null) return 0;
    if (typeof value === 'string') {
      if (value.length * 3 > Region.ValueSize) return -1;
      return encoder.encodeInto(value, this.#values).written;
    }
    const { length } = value;
    if (length > Region.ValueSize) return -1;
    this.#values.set(value);
    return length;
  }

  #putLarge(batch: number, prefix: Key | undefined, key: Key, value: Value): number {
    const form = this.#stored.form(prefix, key);
    const bytes = plainBytes(value);
    return this.engine.putLarge(batch, this.#ladder.locate(prefix, key), form, bytes);
  }
}

/** The bytes of a value, in memory that no other thread can change. */
function plainBytes(value: Value): Uint8Array {
  if (value === null) return new Uint8Array(0);
  if (typeof value === 'string') return Buffer.from(value);
  return types.isSharedArrayBuffer(value.buffer) ? new Uint8Array(value) : value;
}
