import { type InspectOptions, inspect } from 'node:util';
import { endCall, startCall } from './engine/calls.js';
import type { BatchId, Connection } from './engine/connection.js';
import type { ReadSet } from './engine/crossing.js';
import { BeginFlag } from './engine/engine.js';
import { Cursor, entriesOf, keysOf } from './entries.js';
import {
  BatchClosedError,
  ConflictError,
  DatabaseClosedError,
  EncodingError,
  NotFoundError,
  ReadOnlyBatchError,
} from './errors.js';
import type { ChangeSet, Value } from './keyvalue.js';
import { checkOptions, checkTimeout } from './options.js';
import { isBytes } from './record/bytes.js';
import { checkKey, type Key, type KeyLike } from './record/key.js';
import { show, showObject } from './record/show.js';
import { checkFunction, refusePromise, type Synchronous } from './synchronous.js';

/**
 * Options of `batch.commit()`.
 * @example
 * ```ts
 * const options: CommitOptions = { timeoutMs: 1000 };
 * db.begin(null, true).commit(options);
 * ```
 */
export interface CommitOptions {
  /** How long to wait for updates and commits of other threads, in milliseconds; as in `UpdateOptions`. */
  timeoutMs?: number;
}

/**
 * Options of `batch.entries()`, `batch.keys()` and `batch.clear()`.
 * @example
 * ```ts
 * const options: PrefixOptions = { prefix: Key.of('Account') };
 * db.view((b) => [...b.keys(options)]);
 * ```
 */
export interface PrefixOptions {
  /** Only keys whose first parts are those of this key, types included. */
  prefix?: KeyLike;
}

/**
 * A view of the database as it was when the batch began, with the batch's own writes on top. A nested batch
 * sees its own writes on top of what its parent sees now.
 *
 * Every method but `discard` throws `BatchClosedError` once the batch, or one that it is nested in, was
 * committed or discarded. Once the database is closed, it throws `DatabaseClosedError`. Methods that take a
 * key throw `InvalidKeyError` if the key cannot be hashed.
 * @example
 * ```ts
 * const batch = db.begin(Key.of('Account'), true);
 * batch.put(Key.of('height'), '7');
 * batch.getMany([Key.of('height'), Key.of('missing')]).map(String); // ['7', 'undefined']
 * batch.commit();
 * db.view((b) => b.get(Key.of('Account', 'height')).toString()); // '7'
 * for (const [key, value] of db.begin()) console.log(`${key}: ${value}`);
 * ```
 */
export class Batch implements ChangeSet {
  readonly #connection: Connection;
  readonly #parent: Batch | undefined;
  /** What comes before every key; undefined in place of the empty key. */
  readonly #prefix: Key | undefined;
  readonly #writable: boolean;
  readonly #id: BatchId;
  /** How it ended, or the error for which it never began. */
  #end: 'committed' | 'discarded' | 'discarded after a conflict' | Error | undefined;

  /**
   * Begins the batch; `flags` are those of `BeginFlag`. A nested batch throws what `Connection.beginNested`
   * throws.
   * @internal
   */
  constructor(connection: Connection, parent: Batch | undefined, prefix: Key, flags: number) {
    const writable = (flags & BeginFlag.Writable) !== 0;
    this.#connection = connection;
    this.#parent = parent;
    this.#prefix = prefix.length === 0 && prefix.base === undefined ? undefined : prefix;
    this.#writable = writable;
    // Last, with no call after it: if the stack overflows, nothing has begun that nobody can end.
    const begun =
      parent === undefined ? connection.begin(flags) : connection.beginNested(parent.#id, writable);
    if (typeof begun === 'number') {
      this.#id = begun;
    } else {
      this.#id = 0 as BatchId;
      this.#end = begun;
    }
  }

  /** Whether the batch, or one that it is nested in, was committed or discarded, or the database closed. */
  get closed(): boolean {
    return this.#hasEnded() || this.#connection.gone;
  }

  /** Whether the batch can be written to. */
  get writable(): boolean {
    return this.#writable;
  }

  /**
   * The version that the batch sees: `db.version` when it began, or when the batch began that it is nested in.
   * Throws like the methods.
   */
  get version(): number {
    this.#requireOpen();
    return this.#connection.versionOf(this.#id);
  }

  /** Returns what an optimistic batch, with those nested in its root, has read so far. @internal */
  readSet(): ReadSet {
    this.#requireOpen();
    return this.#connection.reads(this.#id);
  }

  /** Returns a copy of the value of `key`. Throws `NotFoundError` if there is no value. */
  get(key: KeyLike): Buffer {
    const value = this.tryGet(key);
    if (value === undefined) throw new NotFoundError(this.#whole(key));
    return value;
  }

  /** Returns a copy of the value of `key`, or undefined: the cheap form for keys that are often missing. */
  tryGet(key: KeyLike): Buffer | undefined {
    this.#requireOpen();
    return this.#connection.get(this.#id, this.#prefix, checkKey(key));
  }

  /** Returns the values of `keys`, or undefined for missing ones, in order: cheaper than a get for each. */
  getMany(keys: readonly KeyLike[]): (Buffer | undefined)[] {
    this.#requireOpen();
    return this.#connection.getMany(this.#id, this.#prefix, checkKeys(keys));
  }

  /** Returns whether `key` has a value. */
  has(key: KeyLike): boolean {
    this.#requireOpen();
    return this.#connection.has(this.#id, this.#prefix, checkKey(key));
  }

  /**
   * Sets the value of `key` to a copy of `value`. Throws `ReadOnlyBatchError`, `DatabaseFullError` if memory
   * cannot be allocated, or `EncodingError` if a string has a lone surrogate.
   */
  put(key: KeyLike, value: Value): void {
    this.#requireWritable();
    this.#connection.put(this.#id, this.#prefix, checkKey(key), checkValue(value));
  }

  /** Removes `key`; a missing key is no error. Throws `ReadOnlyBatchError`. */
  delete(key: KeyLike): void {
    this.#requireWritable();
    this.#connection.delete(this.#id, this.#prefix, checkKey(key));
  }

  /**
   * Calls `fn` with every pair that the batch sees now, each once, in no particular order. Keys are whole: the
   * batch's prefix neither narrows the iteration nor is left out. `fn` may use this and other batches, and may
   * close them. Throws `TypeError` if `fn` returns a promise.
   */
  forEach<T>(fn: (key: Key, value: Buffer) => Synchronous<T>): void {
    this.#requireOpen();
    checkFunction('forEach', fn);
    const call = startCall(this.#connection);
    try {
      const cursor = this.#cursor('forEach');
      call.opened = cursor;
      while (cursor.advance()) refusePromise('forEach', fn(cursor.key(), cursor.value()));
    } finally {
      call.over = true;
      endCall(call);
    }
  }

  /**
   * Returns the pairs of `forEach`, to iterate over; or only those whose keys begin with the parts of `prefix`,
   * types included. Keys are whole, so `prefix` is a whole one too: the batch's own does not come before it.
   */
  entries(options?: PrefixOptions): IterableIterator<[Key, Buffer]> {
    return entriesOf(this.#cursor('entries', options));
  }

  /** Returns the keys of `entries`. No value is copied. */
  keys(options?: PrefixOptions): IterableIterator<Key> {
    return keysOf(this.#cursor('keys', options, true));
  }

  /**
   * Deletes every key that `keys` would show: all that the batch sees, or what begins with `prefix`. Throws
   * `ReadOnlyBatchError`, or `DatabaseFullError` if memory cannot be allocated; then nothing is deleted.
   */
  clear(options?: PrefixOptions): void {
    this.#requireWritable();
    this.#connection.clear(this.#id, checkPrefix('clear', options));
  }

  [Symbol.iterator](): IterableIterator<[Key, Buffer]> {
    return this.entries();
  }

  /**
   * Begins a nested batch. It reads through to this one and commits into it; its keys all follow this batch's
   * prefix and then `prefix`.
   *
   * Throws `ReadOnlyBatchError` for a writable batch in a read-only one. Throws `InvalidKeyError` for a prefix
   * that starts from a digest and follows another.
   */
  begin(prefix?: KeyLike, writable = false): Batch {
    this.#requireOpen();
    if (writable && !this.#writable) {
      throw this.#readOnly('a batch nested in a read-only batch cannot be writable');
    }
    const whole = this.#whole(prefix, 'a prefix');
    return new Batch(this.#connection, this, whole, writable ? BeginFlag.Writable : 0);
  }

  /**
   * Makes the writes part of the database, all at once, and closes the batch. A nested batch makes them part
   * of its parent. A commit to a database waits for other commits and updates.
   *
   * It writes over what other threads committed since the batch began. To change what you have read, use
   * `update`, `updateAsync` or `transaction`.
   *
   * Throws `DatabaseFullError`, `NestedUpdateError` inside an update of the database, or `LockTimeoutError` if
   * another thread does not let go. Then batch and database are as they were. An optimistic batch throws
   * `ConflictError` if another commit changed what it has read. Then it is closed, and nothing was written.
   */
  commit(options?: CommitOptions): void {
    let timeoutMs: number | undefined;
    if (options !== undefined) {
      checkOptions('commit', options, ['timeoutMs']);
      timeoutMs = checkTimeout(options);
    }
    this.#requireOpen();
    this.#commit(false, timeoutMs);
  }

  /** Commits the batch of an update: this thread holds the transaction mutex. @internal */
  commitLocked(): void {
    if (this.#end === 'discarded' && !this.#connection.gone) {
      throw new BatchClosedError(
        'the batch of an update was discarded inside it; throw to abandon an update',
      );
    }
    this.#requireOpen();
    this.#commit(true);
  }

  /** Closes the batch and drops its writes; does nothing if the batch is closed. */
  discard(): void {
    if (this.#end !== undefined) return;
    // If so, the engine closed it with its parent, or with the database.
    const gone = this.#connection.closed || this.#hasEnded();
    if (!gone) this.#connection.discard(this.#id);
    // Not before: if the stack overflows there, the batch is discarded again.
    this.#end = 'discarded';
    if (!gone && this.#parent === undefined) this.#connection.reclaimSoon();
  }

  [Symbol.dispose](): void {
    this.discard();
  }

  #commit(locked: boolean, timeoutMs?: number): void {
    if (this.#writable) {
      try {
        this.#connection.commit(this.#id, locked, timeoutMs);
      } catch (error) {
        if (error instanceof ConflictError) this.#ended('discarded after a conflict');
        throw error;
      }
    } else {
      this.#connection.requireOpen();
      this.#connection.discard(this.#id);
    }
    this.#ended('committed');
  }

  #ended(how: 'committed' | 'discarded after a conflict'): void {
    this.#end = how;
    if (this.#parent === undefined) this.#connection.reclaimSoon();
  }

  /** The key as the database knows it. */
  #whole(key: KeyLike, what?: string): Key {
    const checked = checkKey(key, what);
    return this.#prefix === undefined ? checked : this.#prefix.appendKey(checked);
  }

  #cursor(method: string, options?: PrefixOptions, keysOnly = false): Cursor {
    this.#requireOpen();
    return new Cursor(this.#connection, this.#id, checkPrefix(method, options), keysOnly);
  }

  /** What `console.log` shows. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const prefix = this.#prefix === undefined ? null : `${this.#prefix}`;
    const state = this.closed ? this.#whyClosed().message : 'open';
    return showObject('Batch', { prefix, writable: this.#writable, state }, depth, options);
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

/**
 * What a batch can do that is only read from: what `view` passes to its function.
 * @example
 * ```ts
 * const height = (batch: ReadBatch) => Number(batch.tryGet(Key.of('height')) ?? 0);
 * db.view(height); // 0
 * ```
 */
export interface ReadBatch
  extends Pick<
    Batch,
    | 'get'
    | 'tryGet'
    | 'getMany'
    | 'has'
    | 'forEach'
    | 'entries'
    | 'keys'
    | 'discard'
    | 'closed'
    | 'writable'
    | 'version'
    | typeof Symbol.iterator
    | typeof Symbol.dispose
  > {
  /** Begins a nested batch, which is read-only too. */
  begin(prefix?: KeyLike, writable?: false): ReadBatch;
}

/** Returns option `prefix`, or undefined if all keys have it. */
function checkPrefix(method: string, options: PrefixOptions | undefined): Key | undefined {
  if (options === undefined) return undefined;
  checkOptions(method, options, ['prefix']);
  const prefix = checkKey(options.prefix, 'a prefix');
  return prefix.length === 0 && prefix.base === undefined ? undefined : prefix;
}

/** Returns a copy, so that no user code runs once the first key is looked up. */
function checkKeys(keys: readonly KeyLike[]): Key[] {
  if (!Array.isArray(keys)) throw new TypeError(`keys must be an array, not ${show(keys)}`);
  const checked: Key[] = [];
  for (let n = 0; n < keys.length; n++) checked.push(checkKey(keys[n]));
  return checked;
}

function checkValue(value: Value): Value {
  if (typeof value === 'string') {
    if (value.isWellFormed()) return value;
    throw new EncodingError(
      `the value ${show(value)} has a lone surrogate, which UTF-8 cannot hold; put its bytes`,
    );
  }
  if (value instanceof Uint8Array || value === null) return value;
  // An array of another realm (a vm context) is not an instance of this realm's class.
  if (isBytes(value)) return value;
  throw new TypeError(`a value must be a Uint8Array, a string or null, not ${show(value)}`);
}
