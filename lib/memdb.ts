import { AsyncResource } from 'node:async_hooks';
import { type InspectOptions, inspect } from 'node:util';
import { Batch, type ReadBatch } from './batch.js';
import { endCall, startCall } from './engine/calls.js';
import { Connection } from './engine/connection.js';
import { BeginFlag, type EngineName } from './engine/engine.js';
import type { ReadOnlyHandle } from './engine/handle.js';
import { type EngineChoice, isChoice } from './engine/select.js';
import type { Stats } from './engine/stats.js';
import type { Beginner } from './keyvalue.js';
import { checkNumber, checkOptions, checkSignal, checkTimeout } from './options.js';
import { checkKey, EMPTY_KEY, type KeyLike } from './record/key.js';
import { show, showObject } from './record/show.js';
import { checkFunction, refusePromise, type Synchronous } from './synchronous.js';
import { runTransaction } from './transaction.js';

const BEGIN_OPTIONS = ['optimistic'];

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
 * Options of `db.updateAsync()` and `db.waitForCommit()`.
 * @example
 * ```ts
 * const options: WaitOptions = { signal: AbortSignal.timeout(1000) };
 * await db.updateAsync((b) => b.put(Key.of('k'), 'v'), options);
 * ```
 */
export interface WaitOptions {
  /** How long to wait, in milliseconds. By default `updateAsync` waits like `update`, `waitForCommit` without limit. */
  timeoutMs?: number;
  /** Ends the wait: the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
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
  static attach(handle: SharedArrayBuffer | ReadOnlyHandle): MemDB {
    return new MemDB(Connection.attach(handle));
  }

  /** The engine that the database is in. */
  get engine(): EngineName {
    return this.#connection.engine;
  }

  /**
   * Pass this to `MemDB.attach` in a worker. Send it by `workerData` or `postMessage`, not in a transfer list.
   * Throws `DatabaseClosedError`, or `ReadOnlyBatchError` if this database was attached for reading.
   */
  get handle(): SharedArrayBuffer {
    return this.#connection.handle;
  }

  /**
   * Like `handle`, for threads that must not write. There, `update` and every use of a writable batch throw
   * `ReadOnlyBatchError`. This guards against mistakes: a thread that takes the object apart has the handle.
   * Throws `DatabaseClosedError`.
   */
  get readOnlyHandle(): ReadOnlyHandle {
    return this.#connection.readOnlyHandle;
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
    return this.#update('update', fn, (connection) => connection.lock(timeout));
  }

  /**
   * Does what `update` does, but waits for its turn without blocking the thread: the event loop goes on meanwhile.
   * `fn` is synchronous, as in `update`, and runs in a task of its own. Returns a promise of what `fn` returned.
   * It has its place among threads that wait in `update`, and threads that update again and again do not keep it
   * waiting. A pending call keeps the process alive.
   *
   * Rejects with what `update` throws, or with the reason of the signal. If it is rejected with that reason or with
   * `LockTimeoutError`, `fn` has not run.
   */
  async updateAsync<T>(
    fn: (batch: Batch) => Synchronous<T>,
    options: WaitOptions = {},
  ): Promise<T> {
    checkFunction('updateAsync', fn);
    checkOptions('updateAsync', options, ['timeoutMs', 'signal']);
    const timeoutMs = checkTimeout(options);
    const signal = checkSignal(options);
    return new Promise((resolve, reject) => {
      // In the caller's context of `AsyncLocalStorage`, not in that of whoever wakes this thread.
      const context = new AsyncResource('MemDB.updateAsync');
      const run = () => {
        try {
          // The mutex is taken already.
          const update = () => this.#update('updateAsync', fn, () => {});
          resolve(context.runInAsyncScope(update));
        } catch (error) {
          reject(error);
        }
      };
      this.#connection.whenLocked(run, reject, timeoutMs, signal);
    });
  }

  /**
   * Returns a promise of the version once it is greater than `after`, whichever thread commits: at once if it is
   * greater already. So a loop that passes on what it was given misses no commit. A pending call keeps the
   * process alive; `signal` ends it.
   *
   * Rejects with the reason of the signal, with `CommitTimeoutError`, or with `DatabaseClosedError`.
   */
  async waitForCommit(after: number, options: WaitOptions = {}): Promise<number> {
    if (typeof after !== 'number' || Number.isNaN(after)) {
      throw new TypeError(`the version must be a number, such as db.version, not ${show(after)}`);
    }
    checkOptions('waitForCommit', options, ['timeoutMs', 'signal']);
    const timeoutMs = checkTimeout(options);
    const signal = checkSignal(options);
    const { version } = this;
    if (version > after && !signal?.aborted) return version;
    return new Promise((resolve, reject) => {
      this.#connection.whenCommitted(after, resolve, reject, timeoutMs, signal);
    });
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
   * `Batch.commit` throws. Waits for updates of other threads without blocking the event loop.
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

  /** Runs `fn` on a batch and commits that; `lock` takes the transaction mutex, unless this thread holds it. */
  #update<T>(
    method: string,
    fn: (batch: Batch) => Synchronous<T>,
    lock: (connection: Connection) => void,
  ): T {
    const call = startCall(this.#connection);
    try {
      lock(this.#connection);
      call.locked = true;
      const flags = BeginFlag.Writable | BeginFlag.OfCall;
      const batch = new Batch(this.#connection, undefined, EMPTY_KEY, flags);
      call.opened = batch;
      const result = refusePromise(method, fn(batch));
      batch.commitLocked();
      return result;
    } finally {
      call.over = true;
      endCall(call);
    }
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
  checkOptions('begin', options, BEGIN_OPTIONS);
  if (!options.optimistic) return 0;
  if ((flags & BeginFlag.Writable) !== 0) return BeginFlag.Optimistic;
  throw new TypeError(
    'a read-only batch cannot be optimistic, because it has nothing to commit; write begin(prefix, true, { optimistic: true })',
  );
}
