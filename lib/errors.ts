import {
  type EncodingError,
  type InvalidKeyError,
  MemDBError,
  nameErrors,
} from './record/errors.js';
import type { Key } from './record/key.js';
import { shorten } from './record/show.js';

export { EncodingError, InvalidKeyError, MemDBError } from './record/errors.js';

/**
 * The batch, or the batch it is nested in, was committed or discarded.
 * @remarks
 * Begin a new batch. If a batch that is nested in another one is meant to outlive it, begin it on the database.
 * @example
 * ```ts
 * const batch = db.begin();
 * batch.discard();
 * batch.get(Key.of('k')); // throws BatchClosedError
 * ```
 */
export class BatchClosedError extends MemDBError {
  static {
    nameErrors(BatchClosedError, 'BatchClosedError');
  }
  readonly code: 'ERR_BATCH_CLOSED' | 'ERR_DATABASE_CLOSED' = 'ERR_BATCH_CLOSED';

  constructor(message = 'the batch is closed') {
    super(message);
  }
}

/**
 * The database is closed, and with it all of its batches.
 * @remarks
 * Stop the threads that still use the database before you close it. In a service that shuts down, this error can be
 * ignored.
 * @example
 * ```ts
 * const closed = new MemDB();
 * closed.close();
 * closed.update((b) => b.put(Key.of('k'), 'v')); // throws DatabaseClosedError
 * ```
 */
export class DatabaseClosedError extends BatchClosedError {
  static {
    nameErrors(DatabaseClosedError, 'DatabaseClosedError');
  }
  override readonly code = 'ERR_DATABASE_CLOSED';

  constructor(message = 'the database is closed') {
    super(message);
  }
}

/**
 * A read-only batch was asked to put, to delete, or to begin a writable batch.
 * @remarks
 * Write `db.begin(prefix, true)` for a batch that writes, or use `update` in place of `view`.
 * @example
 * ```ts
 * db.begin(null, false).put(Key.of('k'), 'v'); // throws ReadOnlyBatchError
 * ```
 */
export class ReadOnlyBatchError extends MemDBError {
  static {
    nameErrors(ReadOnlyBatchError, 'ReadOnlyBatchError');
  }
  readonly code = 'ERR_READ_ONLY_BATCH';

  constructor(message = 'the batch is read-only') {
    super(message);
  }
}

/**
 * The batch does not see the key.
 * @remarks
 * Use `tryGet` or `has` for keys that may be missing: they cost less than an error. If the key should be there, compare
 * its types with those it was put with, and the prefix of the batch.
 * @example
 * ```ts
 * db.view((b) => b.get(Key.of('missing'))); // throws NotFoundError
 * db.view((b) => b.tryGet(Key.of('missing'))); // undefined
 * ```
 */
export class NotFoundError extends MemDBError {
  static {
    nameErrors(NotFoundError, 'NotFoundError');
  }
  readonly code = 'ERR_NOT_FOUND';
  /** The whole key, the batch's prefix included. */
  readonly key: Key;

  constructor(key: Key) {
    const empty = key.length === 0 && key.base === undefined;
    const hint = empty ? '; the empty key was asked for: is the argument missing?' : '';
    super(`${shorten(String(key))} not found${hint}`);
    this.key = key;
  }
}

/**
 * The value is not a handle of a database of this process.
 * @remarks
 * Pass `db.handle` as it is, within one process. A copy of its bytes is no handle, nor is one of another process.
 * @example
 * ```ts
 * MemDB.attach(new SharedArrayBuffer(64)); // throws InvalidHandleError
 * ```
 */
export class InvalidHandleError extends MemDBError {
  static {
    nameErrors(InvalidHandleError, 'InvalidHandleError');
  }
  readonly code = 'ERR_INVALID_HANDLE';
}

/**
 * A commit would pass `maxBytes`, or its memory cannot be allocated. Nothing was changed.
 * @remarks
 * Delete entries that you no longer need, or allow more by `maxBytes`. The batch stays open: it can be committed
 * again, or discarded.
 * @example
 * ```ts
 * const small = new MemDB({ maxBytes: 100 });
 * small.update((b) => b.put(Key.of('k'), 'v'.repeat(1000))); // throws DatabaseFullError
 * ```
 */
export class DatabaseFullError extends MemDBError {
  static {
    nameErrors(DatabaseFullError, 'DatabaseFullError');
  }
  readonly code = 'ERR_DATABASE_FULL';
}

/**
 * Another commit changed what an optimistic batch had read. Nothing was written, and the batch is closed:
 * begin another one and do the work again, as `transaction` does.
 * @remarks
 * Use `transaction`, which does the work again by itself. If conflicts are frequent, read less in it, or use `update`,
 * which takes turns.
 * @example
 * ```ts
 * const batch = db.begin(null, true, { optimistic: true });
 * batch.tryGet(Key.of('count'));
 * db.update((b) => b.put(Key.of('count'), '1'));
 * batch.put(Key.of('count'), '2');
 * batch.commit(); // throws ConflictError
 * ```
 */
export class ConflictError extends MemDBError {
  static {
    nameErrors(ConflictError, 'ConflictError');
  }
  readonly code = 'ERR_CONFLICT';
  /** Some of the keys that were read and have changed. The list is empty if the batch has only iterated. */
  readonly keys: readonly Key[];

  constructor(keys: readonly Key[], message = conflictMessage(keys)) {
    super(message);
    this.keys = keys;
  }
}

function conflictMessage([first, ...others]: readonly Key[]): string {
  const what = first === undefined ? 'what the batch iterated over' : shorten(String(first));
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return `another commit changed ${what}${more}; nothing was written, begin a new batch`;
}

/**
 * An update or a commit to a database was started inside an update of it in the same thread.
 * @remarks
 * Use the batch that `update` passed to its function. If what is inside must be a transaction of its own, do it after
 * the update.
 * @example
 * ```ts
 * db.update(() => db.update((b) => b.put(Key.of('k'), 'v'))); // throws NestedUpdateError
 * ```
 */
export class NestedUpdateError extends MemDBError {
  static {
    nameErrors(NestedUpdateError, 'NestedUpdateError');
  }
  readonly code = 'ERR_NESTED_UPDATE';

  constructor(message = 'update commits when its function returns; use the batch that it passed') {
    super(message);
  }
}

/**
 * The thread did not get the database's transaction lock in time.
 * @remarks
 * Try again later, or allow more time by `timeoutMs`. If it happens often, find out what thread `holder` does in
 * its updates. They should only read and write.
 * @example
 * ```ts
 * try {
 *   db.update((b) => b.put(Key.of('k'), 'v'), { timeoutMs: 100 });
 * } catch (error) {
 *   if (!(error instanceof LockTimeoutError)) throw error;
 *   console.warn(`thread ${error.holder} is in the way`);
 * }
 * ```
 */
export class LockTimeoutError extends MemDBError {
  static {
    nameErrors(LockTimeoutError, 'LockTimeoutError');
  }
  readonly code = 'ERR_LOCK_TIMEOUT';
  /** The thread id (`worker_threads.threadId`) that holds the lock, if it is known. */
  readonly holder: number | undefined;

  /** `timeoutMs` is how long the thread waited, in milliseconds. */
  constructor(timeoutMs: number, holder?: number) {
    const who = holder === undefined ? 'another thread' : `thread ${holder}`;
    super(`${who} still holds the transaction lock after ${timeoutMs} ms`);
    this.holder = holder;
  }
}

/**
 * No commit came in the time that `waitForCommit` was given.
 * @remarks
 * Call it again with the same version, or with more time: no commit is missed in between.
 * @example
 * ```ts
 * await db.waitForCommit(db.version, { timeoutMs: 0 }); // throws CommitTimeoutError
 * ```
 */
export class CommitTimeoutError extends MemDBError {
  static {
    nameErrors(CommitTimeoutError, 'CommitTimeoutError');
  }
  readonly code = 'ERR_COMMIT_TIMEOUT';

  constructor(after: number, timeoutMs: number) {
    super(`no commit came after version ${after} within ${timeoutMs} ms`);
  }
}

/**
 * The engine asked for cannot be loaded. The message lists what was tried; `cause` is the first reason.
 * @remarks
 * Leave out the option `engine` to use the fallback where the native engine does not load. `engineInfo()` says what
 * was tried, and why it failed.
 * @example
 * ```ts
 * try {
 *   new MemDB({ engine: 'native' }).close();
 * } catch (error) {
 *   if (!(error instanceof EngineUnavailableError)) throw error;
 *   console.warn(error.cause);
 * }
 * ```
 */
export class EngineUnavailableError extends MemDBError {
  static {
    nameErrors(EngineUnavailableError, 'EngineUnavailableError');
  }
  readonly code = 'ERR_ENGINE_UNAVAILABLE';
}

/**
 * The `code`s of the package's errors.
 * @example
 * ```ts
 * const retry: readonly ErrorCode[] = ['ERR_LOCK_TIMEOUT', 'ERR_DATABASE_FULL'];
 * retry.includes('ERR_LOCK_TIMEOUT'); // true
 * ```
 */
export type ErrorCode = (
  | BatchClosedError
  | CommitTimeoutError
  | ConflictError
  | DatabaseClosedError
  | DatabaseFullError
  | EncodingError
  | EngineUnavailableError
  | InvalidHandleError
  | InvalidKeyError
  | LockTimeoutError
  | NestedUpdateError
  | NotFoundError
  | ReadOnlyBatchError
)['code'];
