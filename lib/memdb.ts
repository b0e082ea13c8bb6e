import { Batch, type ReadBatch } from './batch.js';
import { endCall, startCall } from './engine/calls.js';
import { Connection } from './engine/connection.js';
import type { EngineName } from './engine/engine.js';
import { type EngineChoice, isChoice } from './engine/select.js';
import type { Stats } from './engine/stats.js';
import type { Beginner } from './keyvalue.js';
import { checkKey, EMPTY_KEY, type KeyLike } from './record/key.js';
import { show } from './record/show.js';
import { checkFunction, refusePromise, type Synchronous } from './synchronous.js';

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

  /**
   * Begins a batch whose keys all follow `prefix`; it is read-only unless `writable`. Never blocks. On a closed
   * database it returns a closed batch. Throws only a `TypeError`, if the prefix is not a key.
   */
  begin(prefix?: KeyLike, writable = false): Batch {
    const connection = this.#connection;
    const key = checkKey(prefix, 'a prefix');
    const writes = Boolean(writable); // whatever it was without types
    return new Batch(connection, undefined, key, writes, false);
  }

  /**
   * Runs `fn` on a read-only batch, discards the batch, and returns what `fn` returned. Throws `TypeError` if
   * that is a promise.
   */
  view<T>(fn: (batch: ReadBatch) => Synchronous<T>): T {
    checkFunction('view', fn);
    const call = startCall(this.#connection);
    try {
      const batch = new Batch(this.#connection, undefined, EMPTY_KEY, false, true);
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
    const timeout = checkTimeout(options);
    const call = startCall(this.#connection);
    try {
      this.#connection.lock(timeout);
      call.locked = true;
      const batch = new Batch(this.#connection, undefined, EMPTY_KEY, true, true);
      call.opened = batch;
      const result = refusePromise('update', fn(batch));
      batch.commitLocked();
      return result;
    } finally {
      call.over = true;
      endCall(call);
    }
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

function checkTimeout(options: UpdateOptions): number | undefined {
  checkOptions('update', options, ['timeoutMs']);
  const { timeoutMs } = options;
  return timeoutMs === undefined ? undefined : checkNumber('timeoutMs', timeoutMs);
}

function checkOptions(of: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`the options of ${of} must be an object, not ${show(options)}`);
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`${of} has no option ${show(unknown)}; there is ${known.join(' and ')}`);
  }
}

function checkNumber(name: string, value: number): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw new TypeError(`option ${name} must be a number of 0 or more, not ${show(value)}`);
}
