import {
  CommitTimeoutError,
  ConflictError,
  DatabaseClosedError,
  DatabaseFullError,
  LockTimeoutError,
  ReadOnlyBatchError,
} from '../errors.js';
import type { Value } from '../keyvalue.js';
import { prefixForm } from '../record/encoding.js';
import type { Key } from '../record/key.js';
import { raise } from './alarm.js';
import { endStopped } from './calls.js';
import { now } from './clock.js';
import { Commits } from './commits.js';
import type { Crossing, ReadSet } from './crossing.js';
import { BeginFlag, type Engine, type EngineName, Status } from './engine.js';
import { Word } from './exchange.js';
import { failure } from './failure.js';
import { engineOf, HANDLE_SIZE, type ReadOnlyHandle } from './handle.js';
import type { Pairs } from './pairs.js';
import { Reclaimer } from './reclaimer.js';
import { type EngineChoice, engineNamed, selectEngine } from './select.js';
import { namedStats, type Stats } from './stats.js';
import { Turns } from './turns.js';

declare const batch: unique symbol;
declare const cursor: unique symbol;
/** Names a batch that was begun on a connection, for that connection alone. */
export type BatchId = number & { readonly [batch]: true };
/** Names an iteration, likewise. */
export type CursorId = number & { readonly [cursor]: true };

/** The longest wait inside an engine, ms. Between two such waits the thread can be terminated. */
const SLICE = 50;

/**
 * Ends attachments that nobody can reach any more, and closes such databases that this thread created. A database
 * whose handle was read is not among them: the handle may be on its way to another thread.
 */
const abandoned = new FinalizationRegistry<() => void>((close) => close());

/**
 * A database as one thread has it: the only way to an engine from the rest of the package. Every method may
 * throw `DatabaseClosedError`, unless it says otherwise. Which batches are open is the caller's to know: an
 * id must not be used after the end of its batch.
 */
export class Connection {
  readonly #crossing: Crossing;
  readonly #engine: Engine;
  readonly #database: number;
  readonly #creator: boolean;
  readonly #reclaimer: Reclaimer;
  /** The first words of the handle. */
  readonly #words: Int32Array;
  #turns: Turns | undefined;
  #commits: Commits | undefined;
  #closed = false;
  #locked = false;
  #readOnly = false;

  private constructor(crossing: Crossing, database: number, creator: boolean) {
    if (database < 0) throw failure(database);
    const { engine } = crossing;
    this.#crossing = crossing;
    this.#engine = engine;
    this.#database = database;
    this.#creator = creator;
    this.#words = new Int32Array(engine.handle(database), 0, HANDLE_SIZE >> 2);
    this.#reclaimer = new Reclaimer(() => engine.reclaim(database));
  }

  /** Creates a database. Throws `EngineUnavailableError`, or `DatabaseFullError` without memory. */
  static create(choice: EngineChoice, maxBytes: number): Connection {
    const crossing = selectEngine(choice);
    const connection = new Connection(crossing, crossing.engine.create(maxBytes), true);
    connection.#closeIfAbandoned();
    return connection;
  }

  /** Throws `InvalidHandleError` or `EngineUnavailableError`. */
  static attach(handle: SharedArrayBuffer | ReadOnlyHandle): Connection {
    const readOnly = isReadOnlyHandle(handle);
    const memory = readOnly ? handle.readOnly : handle;
    const crossing = engineNamed(engineOf(memory));
    const connection = new Connection(crossing, crossing.engine.attach(memory), false);
    connection.#readOnly = readOnly;
    connection.#closeIfAbandoned();
    return connection;
  }

  get engine(): EngineName {
    return this.#engine.name;
  }

  /** Throws `ReadOnlyBatchError` if it was attached for reading. */
  get handle(): SharedArrayBuffer {
    this.requireOpen();
    if (this.#readOnly) throw readOnlyError();
    return this.#handle();
  }

  get readOnlyHandle(): ReadOnlyHandle {
    this.requireOpen();
    return { readOnly: this.#handle() };
  }

  #handle(): SharedArrayBuffer {
    if (this.#creator) abandoned.unregister(this);
    return this.#engine.handle(this.#database);
  }

  /** Whether `close` was called here. If another thread closed the database, only `gone` is true. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether the database was closed, here or for all. */
  get gone(): boolean {
    return this.#closed || this.#engine.closed(this.#database);
  }

  requireOpen(): void {
    if (this.gone) throw new DatabaseClosedError();
  }

  stats(): Stats {
    this.requireOpen();
    return namedStats(this.engine, this.#engine.stats(this.#database));
  }

  /** Closes the database for all where it was created; where it was attached, ends that. Never throws. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    abandoned.unregister(this);
    this.#reclaimer.stop();
    this.#turns?.close();
    this.#commits?.close();
    if (this.#locked) this.#engine.unlock(this.#database);
    this.#engine.close(this.#database);
    raise(this.#words);
  }

  /** How many commits there were. */
  get version(): number {
    if (this.#closed) throw new DatabaseClosedError();
    const version = this.#engine.version(this.#database);
    if (version < 0) throw failure(version);
    return version;
  }

  /** Begins a batch; returns its id, or the error that every use of the batch must throw. Never throws. */
  begin(flags: number): BatchId | Error {
    if (this.#closed) return new DatabaseClosedError();
    if (this.#readOnly && (flags & BeginFlag.Writable) !== 0) return readOnlyError();
    const id = this.#engine.begin(this.#database, flags);
    return id < 0 ? failure(id) : (id as BatchId);
  }

  /** Throws `DatabaseFullError` without memory. */
  beginNested(parent: BatchId, writable: boolean): BatchId {
    const id = this.#engine.beginNested(parent, writable);
    if (id < 0) throw failure(id);
    return id as BatchId;
  }

  /** Returns the version that the batch's root sees. */
  versionOf(batch: BatchId): number {
    const version = this.#engine.batchVersion(batch);
    if (version < 0) throw failure(version);
    return version;
  }

  /** Returns what an optimistic batch has read; of any other batch, nothing. */
  reads(batch: BatchId): ReadSet {
    return this.#crossing.reads(batch);
  }

  /** Returns the value, a Buffer of the caller's, or undefined. Throws `InvalidKeyError`. */
  get(batch: BatchId, prefix: Key | undefined, key: Key): Buffer | undefined {
    return this.#crossing.get(batch, prefix, key);
  }

  /** Returns the values, in order. Throws `InvalidKeyError`. */
  getMany(batch: BatchId, prefix: Key | undefined, keys: readonly Key[]): (Buffer | undefined)[] {
    // If there are no keys, the engine is not asked.
    if (keys.length === 0) this.requireOpen();
    return this.#crossing.getMany(batch, prefix, keys);
  }

  /** Throws `InvalidKeyError`. */
  has(batch: BatchId, prefix: Key | undefined, key: Key): boolean {
    return this.#crossing.has(batch, prefix, key);
  }

  /** Throws `InvalidKeyError`, or `DatabaseFullError` without memory. */
  put(batch: BatchId, prefix: Key | undefined, key: Key, value: Value): void {
    this.#crossing.put(batch, prefix, key, value);
  }

  /** Throws like `put`. */
  delete(batch: BatchId, prefix: Key | undefined, key: Key): void {
    this.#crossing.delete(batch, prefix, key);
  }

  /**
   * Commits a batch, which ends it. A root batch waits for the transaction mutex, unless `locked`: then this
   * connection must hold it. Throws `DatabaseFullError`, `NestedUpdateError` or `LockTimeoutError`, and then
   * the batch stays open as it was. Throws `ConflictError`, and then the batch has ended.
   */
  commit(batch: BatchId, locked: boolean, timeoutMs = this.#engine.lockTimeout): void {
    const engine = this.#engine;
    const slice = Math.min(SLICE, timeoutMs);
    let status = engine.commit(batch, locked, slice);
    if (status === Status.Nested && endStopped()) status = engine.commit(batch, locked, slice);
    if (status === Status.Busy) {
      status = this.#wait((slice) => engine.commit(batch, locked, slice), timeoutMs);
    }
    // Else the mutex is not free yet: whoever gives it back does this.
    if (!locked) raise(this.#words);
    if (status === Status.Full) throw this.#full();
    if (status === Status.Conflict) throw new ConflictError(this.#crossing.changed());
    if (status < 0) throw failure(status);
  }

  /** Ends a batch and those nested in it. */
  discard(batch: BatchId): void {
    this.#engine.discard(batch);
  }

  /** Has superseded versions freed soon. To be called after a root batch or an iteration ended. Never throws. */
  reclaimSoon(): void {
    this.#reclaimer.soon();
  }

  /** Ends what calls have left: discards their batches and gives the transaction mutex back. Never throws. */
  endCalls(): void {
    if (this.#closed) return;
    this.#engine.endCalls(this.#database);
    this.#locked = false;
    raise(this.#words);
    this.#reclaimer.soon();
  }

  /** Deletes all that the batch sees, or what has the prefix. Throws `DatabaseFullError` without memory. */
  clear(batch: BatchId, prefix: Key | undefined): void {
    const status = this.#engine.clear(batch, filterOf(prefix));
    if (status < 0) throw failure(status);
  }

  /**
   * Starts an iteration over what the batch sees now, or what has the prefix; with `keysOnly` the values are
   * empty. Throws `DatabaseFullError` without memory.
   */
  iterate(batch: BatchId, prefix: Key | undefined, keysOnly: boolean): CursorId {
    const id = this.#engine.cursor(batch, keysOnly, filterOf(prefix));
    if (id < 0) throw failure(id);
    return id as CursorId;
  }

  /** Returns the next pairs of an iteration, or undefined at its end. */
  next(cursor: CursorId): Pairs | undefined {
    if (this.#closed) throw new DatabaseClosedError();
    return this.#crossing.next(cursor);
  }

  endIteration(cursor: CursorId): void {
    if (!this.#closed) this.#engine.endCursor(cursor);
  }

  /**
   * Takes the transaction mutex. Throws `LockTimeoutError` after `timeoutMs`, and `NestedUpdateError` if this
   * thread holds it.
   */
  lock(timeoutMs = this.#engine.lockTimeout): void {
    if (this.#closed) throw new DatabaseClosedError();
    if (this.#readOnly) throw this.gone ? new DatabaseClosedError() : readOnlyError();
    const engine = this.#engine;
    const slice = Math.min(SLICE, timeoutMs);
    let status = engine.lock(this.#database, slice);
    if (status === Status.Nested && endStopped()) status = engine.lock(this.#database, slice);
    if (status === Status.Busy) {
      status = this.#wait((slice) => engine.lock(this.#database, slice), timeoutMs);
    }
    if (status < 0) throw failure(status);
    this.#locked = true;
  }

  /** Gives the transaction mutex back, if this thread holds it. Never throws. */
  unlock(): void {
    if (!this.#closed) this.#engine.unlock(this.#database);
    this.#locked = false;
    raise(this.#words);
  }

  #closeIfAbandoned(): void {
    const engine = this.#engine;
    const database = this.#database;
    const reclaimer = this.#reclaimer;
    const close = () => {
      reclaimer.stop();
      engine.close(database);
    };
    abandoned.register(this, close, this);
  }

  /** The error for a commit without room. */
  #full(): Error {
    const needed = this.#engine.exchange.number[0] as number;
    if (needed === 0 || this.gone) return failure(Status.Full);
    const { maxBytes } = this.stats();
    return new DatabaseFullError(
      `maxBytes is ${maxBytes}, this commit needs ${needed}; nothing was changed`,
    );
  }

  /**
   * Takes the transaction mutex without blocking the thread, and then calls `run` in a task of its own. `run`
   * must not throw. Otherwise calls `fail`, once: with the reason of the signal, with `LockTimeoutError` or with
   * `DatabaseClosedError`.
   */
  whenLocked(
    run: () => void,
    fail: (error: unknown) => void,
    timeoutMs = this.#engine.lockTimeout,
    signal?: AbortSignal,
  ): void {
    this.requireOpen();
    if (this.#readOnly) throw readOnlyError();
    const proceed = () => {
      this.#locked = true;
      run();
    };
    const timeoutError = () => new LockTimeoutError(timeoutMs, this.#holder());
    this.#turns ??= new Turns(this.#engine, this.#database);
    this.#turns.add({ proceed, fail }, { timeoutMs, signal, timeoutError });
  }

  /**
   * Calls `proceed` with the version once it is greater than `after`. Otherwise calls `fail`, once: with the
   * reason of the signal, with `CommitTimeoutError` or with `DatabaseClosedError`.
   */
  whenCommitted(
    after: number,
    proceed: (version: number) => void,
    fail: (error: unknown) => void,
    timeoutMs = Number.POSITIVE_INFINITY,
    signal?: AbortSignal,
  ): void {
    const timeoutError = () => new CommitTimeoutError(after, timeoutMs);
    this.requireOpen();
    this.#commits ??= new Commits(this.#engine, this.#database);
    const waiter = { after, keeps: this, proceed, fail };
    this.#commits.add(waiter, { timeoutMs, signal, timeoutError });
  }

  /** Repeats an attempt that took a first slice and was Busy, until it is not, or `timeoutMs` are over. */
  #wait(attempt: (slice: number) => number, timeoutMs: number): number {
    const deadline = now() + timeoutMs - Math.min(SLICE, timeoutMs);
    let status: number = Status.Busy;
    while (status === Status.Busy) {
      const left = deadline - now();
      if (left <= 0) throw new LockTimeoutError(timeoutMs, this.#holder());
      status = attempt(Math.min(SLICE, left));
    }
    return status;
  }

  #holder(): number | undefined {
    const holder = this.#engine.exchange.words[Word.Holder] as number;
    return holder < 0 ? undefined : holder;
  }
}

const EVERYTHING = new Uint8Array(0);

/** What an engine filters keys by. */
function filterOf(prefix: Key | undefined): Uint8Array {
  return prefix === undefined ? EVERYTHING : prefixForm(prefix.parts, prefix.base);
}

function isReadOnlyHandle(handle: SharedArrayBuffer | ReadOnlyHandle): handle is ReadOnlyHandle {
  return typeof handle === 'object' && handle !== null && 'readOnly' in handle;
}

function readOnlyError(): ReadOnlyBatchError {
  return new ReadOnlyBatchError(
    'the database was attached for reading; write to it where it is attached by its handle',
  );
}
