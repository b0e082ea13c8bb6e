import { types } from 'node:util';
import { Batch } from './batch.js';
import { Connection } from './engine/connection.js';
import type { EngineName } from './engine/engine.js';
import { type EngineChoice, isChoice } from './engine/select.js';
import type { Stats } from './engine/stats.js';
import type { Beginner } from './keyvalue.js';
import { Key, type KeyLike } from './record/key.js';
import { show } from './record/show.js';

/** Of a new database. */
export interface MemDBOptions {
  /**
   * `native` is the C++ core, `fallback` pure TypeScript; `auto`, the default, is the native one
   * where it loads and else the fallback, unless the environment variable MEMDB_ENGINE names one.
   */
  engine?: EngineChoice;
  /** How many bytes of keys and values the database may hold; no bound by default. */
  maxBytes?: number;
}

export interface UpdateOptions {
  /**
   * How long to wait for updates and commits of other threads, in milliseconds. By default there is
   * no limit on the native engine, and on the fallback one of 10 seconds: it cannot always tell
   * that a thread has died.
   */
  timeoutMs?: number;
}

/**
 * A transactional key-value store in memory. Its data are shared by all threads that attach to it,
 * and live until it is closed where it was created.
 */
export class MemDB implements Beginner {
  readonly #connection: Connection;

  /**
   * A new, empty database. Throws `EngineUnavailableError` when the engine asked for cannot be
   * loaded, and `TypeError` for options that there are not.
   */
  constructor(options?: MemDBOptions);
  /** @internal */
  constructor(connection: Connection);
  constructor(from: MemDBOptions | Connection = {}) {
    this.#connection = from instanceof Connection ? from : create(from);
  }

  /**
   * The database of a handle, usable in this thread. Throws `InvalidHandleError` for what is no
   * handle of this process, `DatabaseClosedError`, and `EngineUnavailableError` when the
   * database's engine cannot be loaded here.
   */
  static attach(handle: SharedArrayBuffer): MemDB {
    return new MemDB(Connection.attach(handle));
  }

  /** The engine that the database is in. */
  get engine(): EngineName {
    return this.#connection.engine;
  }

  /** What other threads attach by; send it to them as it is. Throws `DatabaseClosedError`. */
  get handle(): SharedArrayBuffer {
    return this.#connection.handle;
  }

  /**
   * A batch whose keys all follow `prefix`; read-only unless `writable`. Never blocks; never throws
   * but a `TypeError`, for a prefix that is no key. On a closed database the batch is closed.
   */
  begin(prefix?: KeyLike, writable = false): Batch {
    const connection = this.#connection;
    const key = checkPrefix(prefix);
    const writes = Boolean(writable); // whatever it was without types
    return new Batch(connection, undefined, key, writes, connection.begin(writes));
  }

  /**
   * Runs `fn` on a read-only batch, discards it, and returns what `fn` returned. `fn` must be
   * synchronous: a promise is a `TypeError`.
   */
  view<T>(fn: (batch: Batch) => T): T {
    checkFunction(fn);
    const batch = this.begin(null, false);
    try {
      return refusePromise(fn(batch));
    } finally {
      batch.discard();
    }
  }

  /**
   * Runs `fn` on a writable batch, commits it when `fn` returns and discards it when it throws, and
   * returns what `fn` returned. No other update or commit to the database, in any thread, happens
   * meanwhile: what `fn` reads is what it changes. `fn` must be synchronous: for a promise a
   * `TypeError` is thrown, and nothing is committed.
   *
   * Throws `NestedUpdateError` inside an update of the same database, `LockTimeoutError` when other
   * threads do not let go in time, and what `Batch.commit` throws.
   */
  update<T>(fn: (batch: Batch) => T, options: UpdateOptions = {}): T {
    checkFunction(fn);
    const connection = this.#connection;
    connection.lock(checkTimeout(options));
    try {
      const batch = this.begin(null, true);
      try {
        const result = refusePromise(fn(batch));
        batch.commitLocked();
        return result;
      } finally {
        batch.discard();
      }
    } finally {
      connection.unlock();
    }
  }

  /** Throws `DatabaseClosedError`. */
  stats(): Stats {
    return this.#connection.stats();
  }

  /**
   * Where the database was created: closes it for all threads, with its batches, and frees the
   * data. Where it was attached: ends that. Fine to call again.
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
    throw new TypeError(`${of} has no option ${unknown}; there is ${known.join(' and ')}`);
  }
}

function checkNumber(name: string, value: number): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw new TypeError(`option ${name} must be a number of 0 or more, not ${show(value)}`);
}

function checkPrefix(prefix: KeyLike): Key {
  if (prefix instanceof Key) return prefix;
  if (prefix === null || prefix === undefined) return EMPTY_KEY;
  throw new TypeError(`a prefix must be a Key, null or undefined, not ${show(prefix)}`);
}

const EMPTY_KEY = Key.of();

function checkFunction(fn: unknown): void {
  if (typeof fn !== 'function') throw new TypeError(`${show(fn)} is not a function`);
}

function refusePromise<T>(result: T): T {
  const { then } = (result ?? {}) as { then?: unknown };
  if (typeof then !== 'function') return result;
  // The error thrown here is the one to see.
  if (types.isPromise(result)) result.catch(() => {});
  throw new TypeError(
    'the function of an update or view must be synchronous; it returned a promise',
  );
}
