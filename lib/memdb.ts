import { type InspectOptions, inspect } from 'node:util';
import { Batch, type ReadBatch } from './batch.js';
import { endCall, startCall } from './engine/calls.js';
import { Connection } from './engine/connection.js';
import { BeginFlag, type EngineName } from './engine/engine.js';
import { type EngineChoice, isChoice } from './engine/select.js';
import type { Stats } from './engine/stats.js';
import type { Beginner } from './keyvalue.js';
import { checkNumber, checkOptions, checkSignal, checkTimeout } from './options.js';
import { checkKey, EMPTY_KEY, type KeyLike } from './record/key.js';
import { show, showObject } from './record/show.js';
import { checkFunction, refusePromise, type Synchronous } from './synchronous.js';
import { runTransaction } from './transaction.js';

/** For how long `transaction` tries again after conflicts if the caller does not say, ms. */
const TRANSACTION_TIMEOUT = 30_000;

/**
 * Options of `new MemDB()`.
 * @example
 * ```ts
 * const options: MemDBOptions = { engine: 'auto', maxBytes: 1_000_000_000 };
 * new MemDB(options).close();
 * ```
 */
export interface MemDBOptions {
  /**
   * `native` is the C++ core, `fallback` is pure TypeScript. `auto`, the default, takes the engine that the
   * environment variable MEMDB_ENGINE names; without it the native engine if it loads, else the fallback.
   */
  engine?: EngineChoice;
  /** How many bytes of keys and values the database may hold. There is no limit by default. */
  maxBytes?: number;
}

/**
 * Options of `db.begin()`.
 * @example
 * ```ts
 * const options: BeginOptions = { optimistic: true };
 * db.begin(null, true, options).discard();
 * ```
 */
export interface BeginOptions {
  /**
   * Whether the batch remembers what it reads, and its commit throws `ConflictError` if another commit changed
   * any of it. Only a writable batch can be optimistic.
   */
  optimistic?: boolean;
}

/**
 * Options of `db.transaction()`.
 * @example
 * ```ts
 * const options: TransactionOptions = { signal: AbortSignal.timeout(1000) };
 * await db.transaction((b) => b.put(Key.of('k'), 'v'), options);
 * ```
 */
export interface TransactionOptions {
  /** For how long the function is run again after conflicts, in milliseconds; 30,000 by default. */
  timeoutMs?: number;
  /** Ends the transaction: nothing is committed, and the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Options of `db.update()`.
 * @example
 * ```ts
 * const options: UpdateOptions = { timeoutMs: 1000 };
 * db.update((b) => b.put(Key.of('k'), 'v'), options);
 * ```
 */
export interface UpdateOptions {
  /**
   * How long to wait for updates and commits of other threads, in milliseconds. By default the native engine
   * waits without limit, and the fallback for 10 seconds: it cannot always know that a thread has died.
   */
  timeoutMs?: number;
}

/**
 * A transactional key-value store in memory. All threads that attach to it share its data, until it is closed
 * where it was created.
 * @example
 * ```ts
 * const store = new MemDB();
 * store.update((b) => b.put(Key.of('k'), 'v'));
 * store.view((b) => b.get(Key.of('k')).toString()); // 'v'
 * MemDB.attach(store.handle).engine === store.engine; // true
 * store.close();
 * ```
 */
export class MemDB implements Beginner {
  readonly #connection: Connection;

  /**
   * Creates an empty database. Throws `EngineUnavailableError` if the engine cannot be loaded, and `TypeError`
   * for an option that does not exist.
   */
  constructor(options?: MemDBOptions);
  /** @internal */
  constructor(connection: Connection);
  constructor(from: MemDBOptions | Connection = {}) {
    this.#connection = from instanceof Connection ? from : create(from);
  }

  /**
   * Returns the database of a handle, for use in this thread. Throws `InvalidHandleError` if the argument is not
   * a handle of this process, `DatabaseClosedError`, or `EngineUnavailableError`.
   */
  static attach(handle: SharedArrayBuffer): MemDB {
    return new MemDB(Connection.attach(handle));
  }

  /** The engine that the database is in. */
  get engine(): EngineName {
    return this.#connection.engine;
  }

  /**
   * Pass this to `MemDB.attach` in a worker. Send it by `workerData` or `postMessage`, not in a transfer list.
   * Throws `DatabaseClosedError`.
   */
  get handle(): SharedArrayBuffer {
    return this.#connection.handle;
  }

  /** Whether the database is closed: here, or by the thread that created it. */
  get closed(): boolean {
    return this.#connection.gone;
  }

  /** How many commits there were, in all threads: one cheap call. Throws `DatabaseClosedError`. */
  get version(): number {
    return this.#connection.version;
  }

  /**
   * Begins a batch whose keys all follow `prefix`; it is read-only unless `writable`. Never blocks. On a closed
   * database it returns a closed batch. Throws only a `TypeError`, if the prefix is not a key or an option is
   * wrong.
   *
   * The batch holds no lock. So its commit writes over what others committed meanwhile, unless it is
   * `optimistic`. To change what you have read, use `update`, `updateAsync` or `transaction`.
   */
  begin(prefix?: KeyLike, writable = false, options?: BeginOptions): Batch {
    const key = checkKey(prefix, 'a prefix');
    let flags: number = writable ? BeginFlag.Writable : 0;
    if (options !== undefined) flags |= beginFlags(options, flags);
    return new Batch(this.#connection, undefined, key, flags);
  }

  /**
   * Runs `fn` on a read-only batch, discards the batch, and returns what `fn` returned. Throws `TypeError` if
   * that is a promise.
   */
  view<T>(fn: (batch: ReadBatch) => Synchronous<T>): T {
    checkFunction('view', fn);
    const call = startCall(this.#connection);
    try {
      const batch = new Batch(this.#connection, undefined, EMPTY_KEY, BeginFlag.OfCall);
      call.opened = batch;
      return refusePromise('view', fn(batch));
    } finally {
      call.over = true;
      endCall(call);
    }
  }

  /**
   * Runs `fn` on a writable batch, commits the batch if `fn` returns, discards it if `fn` throws, and returns
   * what `fn` returned. Meanwhile no other update or commit to the database happens, in any thread: so what
   * `fn` reads is what it changes. If `fn` returns a promise, a `TypeError` is thrown and nothing is committed.
   *
   * Throws `NestedUpdateError` inside an update of the same database, `LockTimeoutError` if other threads do not
   * let go in time, and what `Batch.commit` throws.
   */
  update<T>(fn: (batch: Batch) => Synchronous<T>, options: UpdateOptions = {}): T {
    checkFunction('update', fn);
    checkOptions('update', options, ['timeoutMs']);
    const timeout = checkTimeout(options);
    const call = startCall(this.#connection);
    try {
      this.#connection.lock(timeout);
      call.locked = true;
      const flags = BeginFlag.Writable | BeginFlag.OfCall;
      const batch = new Batch(this.#connection, undefined, EMPTY_KEY, flags);
      call.opened = batch;
      const result = refusePromise('update', fn(batch));
      batch.commitLocked();
      return result;
    } finally {
      call.over = true;
      endCall(call);
    }
  }

  /**
   * Runs `fn`, which may be async, on an optimistic batch, commits the batch, and returns a promise of what `fn`
   * returned. No lock is held meanwhile. Suppose that another commit changes what `fn` has read: a value, an
   * absent key, or anything at all after an iteration. Then nothing is written, and `fn` runs again on a new
   * batch after a short random pause. So what `fn` does outside the database may be done more than once.
   *
   * Transactions are serialisable: none loses an update, and none depends on a state that was no longer true
   * when it committed. If `fn` throws, nothing is committed and the promise is rejected with that error.
   *
   * Rejects with `ConflictError` once `timeoutMs` are over, with the signal's reason, and with what
   * `Batch.commit` throws.
   */
  async transaction<T>(
    fn: (batch: Batch) => T | PromiseLike<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    checkFunction('transaction', fn);
    checkOptions('transaction', options, ['timeoutMs', 'signal']);
    const timeoutMs = checkTimeout(options) ?? TRANSACTION_TIMEOUT;
    return runTransaction(this.#connection, fn, timeoutMs, checkSignal(options));
  }

  /** Returns the state of the database now. Throws `DatabaseClosedError`. */
  stats(): Stats {
    return this.#connection.stats();
  }

  /**
   * Where the database was created: closes it for all threads, with its batches, and frees the data. Where it
   * was attached: ends that. It may be called again.
   */
  close(): void {
    this.#connection.close();
  }

  /** What `console.log` shows. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    return showObject('MemDB', this.#shown(), depth, options);
  }

  #shown(): object {
    const { engine } = this;
    if (this.closed) return { engine, closed: true };
    try {
      const { entries, openBatches } = this.stats();
      return { engine, entries, openBatches };
    } catch (error) {
      // Another thread may have closed it just now.
      return { engine, error: (error as Error).message };
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function create(options: MemDBOptions): Connection {
  checkOptions('MemDB', options, ['engine', 'maxBytes']);
  const { engine = 'auto', maxBytes = Number.POSITIVE_INFINITY } = options;
  if (!isChoice(engine)) {
    throw new TypeError(`option engine must be auto, native or fallback, not ${show(engine)}`);
  }
  return Connection.create(engine, checkNumber('maxBytes', maxBytes));
}

function beginFlags(options: BeginOptions, flags: number): number {
  checkOptions('begin', options, ['optimistic']);
  if (!options.optimistic) return 0;
  if ((flags & BeginFlag.Writable) !== 0) return BeginFlag.Optimistic;
  throw new TypeError(
    'a read-only batch cannot be optimistic, because it has nothing to commit; write begin(prefix, true, { optimistic: true })',
  );
}
