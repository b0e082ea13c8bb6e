import { types } from 'node:util';
import type { Value } from '../keyvalue.js';
import { byteCount, plainView } from '../record/bytes.js';
import { Key } from '../record/key.js';
import { type Engine, Status } from './engine.js';
import { AT_LOCATED, Region, SLAB_SIZE, Word } from './exchange.js';
import { failure } from './failure.js';
import { Keys } from './keys.js';
import type { Pairs } from './pairs.js';
import { Slab } from './slab.js';

const encoder = new TextEncoder();

const DIGEST_SIZE = 32;

/** What an optimistic batch, with those nested in its root, has read of the database. */
export interface ReadSet {
  /** Of each key that was looked up, present or absent. */
  readonly digests: readonly Uint8Array[];
  /** Whether it has iterated. */
  readonly scanned: boolean;
}

/** With fewer bytes left in the slab than this, a run of pairs goes to a new one. */
const ROOM_FOR_PAIRS = SLAB_SIZE / 4;

/**
 * Takes keys and values into one engine and out of it. It lays them out in the exchange, calls the engine,
 * and makes Buffers and errors of what the engine returns. There is one for each engine and thread. It knows
 * nothing of the state of batches. No user code runs inside, so it is never entered twice.
 */
export class Crossing {
  readonly engine: Engine;
  readonly #keys: Keys;
  readonly #slab: Slab;
  readonly #values: Uint8Array;
  /** Bytes per key of the last `getMany`: an estimate of the room that the next one needs. */
  #typicalSize = 0;

  constructor(engine: Engine) {
    const { exchange } = engine;
    this.engine = engine;
    this.#keys = new Keys(exchange);
    this.#slab = new Slab(engine);
    this.#values = exchange.bytes.subarray(Region.Value, Region.Value + Region.ValueSize);
  }

  /** Returns the value, a Buffer of the caller's, or undefined. */
  get(batch: number, prefix: Key | undefined, key: Key): Buffer | undefined {
    const at = this.#keys.locate(prefix, key);
    // Last before the call: reading the key may have run code of a subclass.
    this.#slab.keep();
    const length = this.engine.get(batch, at);
    if (length >= 0) return this.#slab.take(length);
    if (length === Status.Absent) return undefined;
    if (length !== Status.NoRoom) throw failure(length);
    return this.#getLarge(batch);
  }

  has(batch: number, prefix: Key | undefined, key: Key): boolean {
    const status = this.engine.has(batch, this.#keys.locate(prefix, key));
    if (status < Status.Absent) throw failure(status);
    return status === Status.Ok;
  }

  /** Returns the values of `keys`, in order. They are asked for in groups that the exchange has room for. */
  getMany(batch: number, prefix: Key | undefined, keys: readonly Key[]): (Buffer | undefined)[] {
    const found: (Buffer | undefined)[] = [];
    let most: number = Region.ResultCount;
    while (found.length < keys.length) {
      const from = found.length;
      const wanted = Math.min(keys.length - from, most, this.#likelyToFit());
      const count = this.#writeRecords(prefix, keys, from, from + wanted);
      this.#slab.keepRoom(Math.min(wanted * this.#typicalSize, SLAB_SIZE));
      const size = this.engine.getMany(batch, count);
      if (size < 0 && size !== Status.NoRoom) throw failure(size);
      if (size >= 0) {
        this.#typicalSize = Math.ceil(size / count);
        this.#slab.takeMany(count, found);
        // After one large value the groups grow again.
        most = Math.min(most * 2, Region.ResultCount);
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
    // Before the key is located: to look at an array of a subclass may run code of the user.
    const large = valueLength < 0 ? plainBytes(value) : undefined;
    const at = this.#keys.locateToStore(prefix, key);
    const keyLength = this.#keys.formLength;
    const status =
      large === undefined && keyLength >= 0
        ? this.engine.put(batch, at, keyLength, valueLength)
        : this.engine.putLarge(
            batch,
            at,
            this.#keys.form(prefix, key),
            large ?? this.#values.slice(0, valueLength),
          );
    if (status < 0) throw failure(status);
  }

  delete(batch: number, prefix: Key | undefined, key: Key): void {
    const status = this.engine.delete(batch, this.#keys.locate(prefix, key));
    if (status < Status.Absent) throw failure(status);
  }

  /** Returns the next pairs of an iteration, or undefined at its end. */
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

  /** Returns the keys that a commit which returned Conflict has listed. */
  changed(): Key[] {
    const { bytes, results } = this.engine.exchange;
    const count = results[0] as number;
    const keys: Key[] = [];
    let start: number = Region.Input;
    for (let n = 1; n <= count; n++) {
      const length = results[n] as number;
      const end = start + (length === Status.Absent ? DIGEST_SIZE : length);
      const stored = bytes.slice(start, end);
      keys.push(length === Status.Absent ? Key.fromHash(stored) : Key.restore(stored));
      start = end;
    }
    return keys;
  }

  /** Returns what an optimistic batch has read. */
  reads(batch: number): ReadSet {
    const { bytes, results } = this.engine.exchange;
    const digests: Uint8Array[] = [];
    for (;;) {
      const count = this.engine.reads(batch, digests.length);
      if (count < 0) throw failure(count);
      if (count === 0) return { digests, scanned: results[0] === 1 };
      for (let n = 0; n < count; n++) {
        const start = Region.Input + n * DIGEST_SIZE;
        digests.push(bytes.slice(start, start + DIGEST_SIZE));
      }
    }
  }

  #needed(): number {
    return this.engine.exchange.words[Word.Needed] as number;
  }

  /** A value for which there is no room in what is left of the slab; its key was located just now. */
  #getLarge(batch: number): Buffer {
    const needed = this.#needed();
    if (needed <= SLAB_SIZE / 4) {
      this.#slab.renew();
      const length = this.engine.get(batch, AT_LOCATED);
      if (length < 0) throw failure(length);
      return this.#slab.take(length);
    }
    const value = Buffer.allocUnsafeSlow(needed);
    const length = this.engine.getInto(batch, AT_LOCATED, value);
    if (length < 0) throw failure(length);
    return value;
  }

  /** How many values of the typical size a slab has room for. */
  #likelyToFit(): number {
    return Math.max(1, Math.floor(SLAB_SIZE / Math.max(1, this.#typicalSize)));
  }

  /** Writes records of the keys from `from` to before `to`; returns how many had room. */
  #writeRecords(prefix: Key | undefined, keys: readonly Key[], from: number, to: number): number {
    let offset: number = Region.Input;
    for (let n = from; n < to; n++) {
      offset = this.#keys.record(prefix, keys[n] as Key, offset);
      if (offset < 0) return n - from;
    }
    return to - from;
  }

  /** Copies a value to the exchange and returns its length, or -1 if it is too large. */
  #writeValue(value: Value): number {
    if (value === null) return 0;
    if (typeof value === 'string') {
      if (value.length * 3 > Region.ValueSize) return -1;
      return encoder.encodeInto(value, this.#values).written;
    }
    const length = byteCount(value);
    if (length > Region.ValueSize) return -1;
    this.#values.set(value);
    return length;
  }
}

/** The bytes of a value, in memory that no other thread can change. To look at them runs no code of the user. */
function plainBytes(value: Value): Uint8Array {
  if (value === null) return new Uint8Array(0);
  if (typeof value === 'string') return Buffer.from(value);
  const bytes = plainView(value);
  return types.isSharedArrayBuffer(bytes.buffer) ? new Uint8Array(bytes) : bytes;
}
