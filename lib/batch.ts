import { types } from 'node:util';
import type { BatchId, Connection } from './engine/connection.js';
import { Cursor, Entries } from './entries.js';
import {
  BatchClosedError,
  DatabaseClosedError,
  NotFoundError,
  ReadOnlyBatchError,
} from './errors.js';
import type { ChangeSet, Value } from './keyvalue.js';
import { Key, type KeyLike } from './record/key.js';
import { show } from './record/show.js';

const EMPTY_KEY = Key.of();

/**
 * A view of the database as it was when the batch began, with the batch's own writes on top; or, of
 * a nested batch, the same on top of what its parent sees now.
 *
 * Every method but `discard` throws `BatchClosedError` once the batch, or one that it is nested in,
 * is committed or discarded, and `DatabaseClosedError` once the database is closed. Methods that
 * take a key throw `InvalidKeyError` for one that cannot be hashed.
 */
export class Batch implements ChangeSet {
  readonly #connection: Connection;
  readonly #parent: Batch | undefined;
  /** What comes before every key; undefined in place of the empty key. */
  readonly #prefix: Key | undefined;
  readonly #writable: boolean;
  readonly #id: BatchId;
  /** How it ended, or the error for which it never began. */
  #end: 'committed' | 'discarded' | Error | undefined;

  /** `begun` is its id, or the error that every use throws. @internal */
  constructor(
    connection: Connection,
    parent: Batch | undefined,
    prefix: Key,
    writable: boolean,
    begun: BatchId | Error,
  ) {
    this.#connection = connection;
    this.#parent = parent;
    this.#prefix = prefix.length === 0 && prefix.base === undefined ? undefined : prefix;
    this.#writable = writable;
    if (typeof begun === 'number') {
      this.#id = begun;
    } else {
      this.#id = 0 as BatchId;
      this.#end = begun;
    }
  }

  /** The value of `key`, a copy. Throws `NotFoundError` when there is none. */
  get(key: KeyLike): Buffer {
    const value = this.tryGet(key);
    if (value === undefined) throw new NotFoundError(this.#whole(key));
    return value;
  }

  /** The value of `key`, a copy, or undefined: the cheap form for keys that are often missing. */
  tryGet(key: KeyLike): Buffer | undefined {
    this.#requireOpen();
    return this.#connection.get(this.#id, this.#prefix, checkKey(key));
  }

  /** The values of `keys`, or undefined for those missing, in order: cheaper than a get for each. */
  getMany(keys: readonly KeyLike[]): (Buffer | undefined)[] {
    this.#requireOpen();
    return this.#connection.getMany(this.#id, this.#prefix, checkKeys(keys));
  }

  /** Whether there is a value of `key`. */
  has(key: KeyLike): boolean {
    this.#requireOpen();
    return this.#connection.has(this.#id, this.#prefix, checkKey(key));
  }

  /**
   * Sets the value of `key`, which is copied. Throws `ReadOnlyBatchError`, and
   * `DatabaseFullError` when memory cannot be had.
   */
  put(key: KeyLike, value: Value): void {
    this.#requireWritable();
    this.#connection.put(this.#id, this.#prefix, checkKey(key), checkValue(value));
  }

  /** Removes `key`; fine when it is not there. Throws `ReadOnlyBatchError`. */
  delete(key: KeyLike): void {
    this.#requireWritable();
    this.#connection.delete(this.#id, this.#prefix, checkKey(key));
  }

  /**
   * Calls `fn` with every pair that the batch sees now, each once, in no particular order. Keys are
   * whole: with their prefix, and not only those under the batch's. `fn` may use this and other
   * batches, and may close them.
   */
  forEach(fn: (key: Key, value: Buffer) => void): void {
    this.#requireOpen();
    if (typeof fn !== 'function') throw new TypeError(`${show(fn)} is not a function`);
    const cursor = this.#cursor();
    try {
      while (cursor.advance()) fn(cursor.key(), cursor.value());
    } finally {
      cursor.end();
    }
  }

  /** The pairs of `forEach`, to iterate over. */
  entries(): IterableIterator<[Key, Buffer]> {
    return new Entries(this.#cursor());
  }

  [Symbol.iterator](): IterableIterator<[Key, Buffer]> {
    return this.entries();
  }

  /**
   * A nested batch: it reads through to this one and commits into it, and its keys all follow this
   * batch's prefix and then `prefix`. Throws `ReadOnlyBatchError` for a writable one in a read-only
   * one, and `InvalidKeyError` for a prefix that starts from a digest and follows another.
   */
  begin(prefix?: KeyLike, writable = false): Batch {
    this.#requireOpen();
    if (writable && !this.#writable) {
      throw this.#readOnly('a batch nested in a read-only batch cannot be writable');
    }
    const whole = this.#whole(prefix);
    const writes = Boolean(writable); // whatever it was without types
    const id = this.#connection.beginNested(this.#id, writes);
    return new Batch(this.#connection, this, whole, writes, id);
  }

  /**
   * Makes the writes part of the database (of the parent, when nested), all at once, and closes
   * the batch. Commits to a database wait for each other and for `update`s.
   *
   * Throws, and leaves batch and database as they were: `DatabaseFullError`; `NestedUpdateError`
   * inside an `update` of the database; `LockTimeoutError` when another thread does not let go.
   */
  commit(): void {
    this.#commit(false);
  }

  /** Commits while this thread holds the database's transaction mutex. @internal */
  commitLocked(): void {
    this.#commit(true);
  }

  /** Closes the batch and drops its writes; does nothing when it is closed. */
  discard(): void {
    if (this.#end !== undefined) return;
    // If so, the engine closed it with its parent, or with the database.
    const gone = this.#connection.closed || this.#hasEnded();
    this.#end = 'discarded';
    if (!gone) this.#connection.discard(this.#id, this.#parent !== undefined);
  }

  [Symbol.dispose](): void {
    this.discard();
  }

  #commit(locked: boolean): void {
    this.#requireOpen();
    if (this.#writable) {
      this.#connection.commit(this.#id, this.#parent !== undefined, locked);
    } else {
      this.#connection.requireOpen();
      this.discard();
    }
    this.#end = 'committed';
  }

  /** The key as the database knows it. */
  #whole(key: KeyLike): Key {
    const checked = checkKey(key);
    return this.#prefix === undefined ? checked : this.#prefix.appendKey(checked);
  }

  #cursor(): Cursor {
    this.#requireOpen();
    return new Cursor(this.#connection, this.#id);
  }

  /** Whether it or a batch that it is nested in has ended. */
  #hasEnded(): boolean {
    for (let batch: Batch | undefined = this; batch; batch = batch.#parent) {
      if (batch.#end !== undefined) return true;
    }
    return false;
  }

  #requireOpen(): void {
    if (this.#connection.closed || this.#hasEnded()) throw this.#whyClosed();
  }

  #requireWritable(): void {
    this.#requireOpen();
    if (!this.#writable) throw this.#readOnly();
  }

  /** The error for a write; or, if the database is closed, that it is. */
  #readOnly(message?: string): Error {
    return this.#connection.gone ? new DatabaseClosedError() : new ReadOnlyBatchError(message);
  }

  /** A closed database comes before a closed batch. */
  #whyClosed(): Error {
    if (this.#connection.gone) return new DatabaseClosedError();
    if (this.#end instanceof Error) return this.#end;
    if (this.#end !== undefined) return new BatchClosedError(`the batch was ${this.#end}`);
    // It is asked of a batch that has ended itself, or below one that has.
    let ended = this.#parent as Batch;
    while (ended.#end === undefined) ended = ended.#parent as Batch;
    return new BatchClosedError(`the batch that this one is nested in was ${ended.#end}`);
  }
}

function checkKey(key: KeyLike): Key {
  if (key instanceof Key) return key;
  if (key === null || key === undefined) return EMPTY_KEY;
  throw new TypeError(`a key must be a Key, null or undefined, not ${show(key)}`);
}

/** A copy, so that nothing of the caller's runs once the first key is looked at. */
function checkKeys(keys: readonly KeyLike[]): Key[] {
  if (!Array.isArray(keys)) throw new TypeError(`keys must be an array, not ${show(keys)}`);
  const checked: Key[] = [];
  for (let n = 0; n < keys.length; n++) checked.push(checkKey(keys[n]));
  return checked;
}

function checkValue(value: Value): Value {
  if (value instanceof Uint8Array || typeof value === 'string' || value === null) return value;
  // An array of another realm (a vm context) is none by instanceof.
  if (types.isUint8Array(value)) return value;
  throw new TypeError(`a value must be a Uint8Array, a string or null, not ${show(value)}`);
}
