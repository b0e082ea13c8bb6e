import { types } from 'node:util';
import type { Attachment } from './attachment.js';
import { failure } from './engine/failure.js';
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
  readonly #attachment: Attachment;
  readonly #parent: Batch | undefined;
  /** What comes before every key; undefined in place of the empty key. */
  readonly #prefix: Key | undefined;
  readonly #writable: boolean;
  /** The engine's id for the batch, or why there is none: an engine's answer below 0. */
  readonly #id: number;
  #closed = false;

  /** @internal */
  constructor(
    attachment: Attachment,
    parent: Batch | undefined,
    prefix: Key,
    writable: boolean,
    id: number,
  ) {
    this.#attachment = attachment;
    this.#parent = parent;
    this.#prefix = prefix.length === 0 && prefix.base === undefined ? undefined : prefix;
    this.#writable = writable;
    this.#id = id;
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
    return this.#attachment.crossing.get(this.#id, this.#prefix, checkKey(key));
  }

  /** The values of `keys`, or undefined for those missing, in order: cheaper than a get for each. */
  getMany(keys: readonly KeyLike[]): (Buffer | undefined)[] {
    this.#requireOpen();
    const checked = checkKeys(keys);
    // Of no keys the engine is not asked.
    if (checked.length === 0) this.#attachment.requireOpen();
    return this.#attachment.crossing.getMany(this.#id, this.#prefix, checked);
  }

  /** Whether there is a value of `key`. */
  has(key: KeyLike): boolean {
    this.#requireOpen();
    return this.#attachment.crossing.has(this.#id, this.#prefix, checkKey(key));
  }

  /**
   * Sets the value of `key`, which is copied. Throws `ReadOnlyBatchError`, and
   * `DatabaseFullError` when memory cannot be had.
   */
  put(key: KeyLike, value: Value): void {
    this.#requireWritable();
    this.#attachment.crossing.put(this.#id, this.#prefix, checkKey(key), checkValue(value));
  }

  /** Removes `key`; fine when it is not there. Throws `ReadOnlyBatchError`. */
  delete(key: KeyLike): void {
    this.#requireWritable();
    this.#attachment.crossing.delete(this.#id, this.#prefix, checkKey(key));
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
    const id = this.#attachment.engine.beginNested(this.#id, writes);
    if (id < 0) throw failure(id);
    return new Batch(this.#attachment, this, whole, writes, id);
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
    if (this.#closed) return;
    // The engine closed it with its parent, or with the database.
    const gone = this.#id < 0 || this.#attachment.closed || this.#isClosed();
    this.#closed = true;
    if (gone) return;
    this.#attachment.engine.discard(this.#id);
    if (this.#parent === undefined) this.#attachment.reclaimSoon();
  }

  [Symbol.dispose](): void {
    this.discard();
  }

  #commit(locked: boolean): void {
    this.#requireOpen();
    const attachment = this.#attachment;
    if (!this.#writable) {
      attachment.requireOpen();
      this.discard();
      return;
    }
    const { engine } = attachment;
    const status = attachment.wait((slice) => engine.commit(this.#id, locked, slice));
    if (status < 0) throw failure(status);
    this.#closed = true;
    if (this.#parent === undefined) attachment.reclaimSoon();
  }

  /** The key as the database knows it. */
  #whole(key: KeyLike): Key {
    const checked = checkKey(key);
    return this.#prefix === undefined ? checked : this.#prefix.appendKey(checked);
  }

  #cursor(): Cursor {
    this.#requireOpen();
    return new Cursor(this.#attachment, this.#id);
  }

  /** Whether it or a batch that it is nested in was committed or discarded. */
  #isClosed(): boolean {
    for (let batch: Batch | undefined = this; batch; batch = batch.#parent) {
      if (batch.#closed) return true;
    }
    return false;
  }

  #requireOpen(): void {
    if (this.#id < 0 || this.#attachment.closed || this.#isClosed()) throw this.#whyClosed();
  }

  #requireWritable(): void {
    this.#requireOpen();
    if (!this.#writable) throw this.#readOnly();
  }

  /** The error for a write; or that the database is closed, by another thread maybe. */
  #readOnly(message?: string): Error {
    const { engine, id } = this.#attachment;
    return engine.closed(id) ? new DatabaseClosedError() : new ReadOnlyBatchError(message);
  }

  /** That the database is closed counts for more than that the batch is. */
  #whyClosed(): Error {
    const { closed, engine, id } = this.#attachment;
    if (closed || engine.closed(id)) return new DatabaseClosedError();
    return this.#id < 0 ? failure(this.#id) : new BatchClosedError();
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
