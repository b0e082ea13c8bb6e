import { MemDBError, nameErrors } from './record/errors.js';
import type { Key } from './record/key.js';
import { shorten } from './record/show.js';

export { EncodingError, InvalidKeyError, MemDBError } from './record/errors.js';

/** The batch, or the batch it is nested in, was committed or discarded. */
export class BatchClosedError extends MemDBError {
  static {
    nameErrors(BatchClosedError, 'BatchClosedError');
  }
  readonly code: 'ERR_BATCH_CLOSED' | 'ERR_DATABASE_CLOSED' = 'ERR_BATCH_CLOSED';

  constructor(message = 'the batch is closed') {
    super(message);
  }
}

/** The database is closed, and with it all of its batches. */
export class DatabaseClosedError extends BatchClosedError {
  static {
    nameErrors(DatabaseClosedError, 'DatabaseClosedError');
  }
  override readonly code = 'ERR_DATABASE_CLOSED';

  constructor(message = 'the database is closed') {
    super(message);
  }
}

/** A read-only batch was asked to put, to delete, or to begin a writable batch. */
export class ReadOnlyBatchError extends MemDBError {
  static {
    nameErrors(ReadOnlyBatchError, 'ReadOnlyBatchError');
  }
  readonly code = 'ERR_READ_ONLY_BATCH';

  constructor(message = 'the batch is read-only') {
    super(message);
  }
}

/** The batch does not see the key. */
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

/** The value is not a handle of a database of this process. */
export class InvalidHandleError extends MemDBError {
  static {
    nameErrors(InvalidHandleError, 'InvalidHandleError');
  }
  readonly code = 'ERR_INVALID_HANDLE';
}

/** A commit would pass `maxBytes`, or its memory cannot be allocated. Nothing was changed. */
export class DatabaseFullError extends MemDBError {
  static {
    nameErrors(DatabaseFullError, 'DatabaseFullError');
  }
  readonly code = 'ERR_DATABASE_FULL';
}

/** An update or a commit to a database was started inside an update of it in the same thread. */
export class NestedUpdateError extends MemDBError {
  static {
    nameErrors(NestedUpdateError, 'NestedUpdateError');
  }
  readonly code = 'ERR_NESTED_UPDATE';

  constructor(message = 'update commits when its function returns; use the batch that it passed') {
    super(message);
  }
}

/** The thread did not get the database's transaction lock in time. */
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

/** The engine asked for cannot be loaded. The message lists what was tried; `cause` is the first reason. */
export class EngineUnavailableError extends MemDBError {
  static {
    nameErrors(EngineUnavailableError, 'EngineUnavailableError');
  }
  readonly code = 'ERR_ENGINE_UNAVAILABLE';
}

/** The `code`s of the package's errors. */
export type ErrorCode = {
  [Name in keyof Errors]: Errors[Name] extends new (
    ...args: never
  ) => { readonly code: infer Code }
    ? Code
    : never;
}[keyof Errors];
type Errors = typeof import('./errors.js');
