import type { Key } from './record/key.js';

/** The stable `code` of every error class. Messages may change between releases, codes do not. */
export type ErrorCode =
  | 'ERR_BATCH_CLOSED'
  | 'ERR_DATABASE_CLOSED'
  | 'ERR_READ_ONLY_BATCH'
  | 'ERR_NOT_FOUND'
  | 'ERR_INVALID_KEY'
  | 'ERR_ENCODING'
  | 'ERR_INVALID_HANDLE'
  | 'ERR_DATABASE_FULL'
  | 'ERR_NESTED_UPDATE'
  | 'ERR_LOCK_TIMEOUT'
  | 'ERR_ENGINE_UNAVAILABLE';

/** What every error thrown by this package is. Wrong types of arguments are plain `TypeError`s. */
export abstract class MemDBError extends Error {
  abstract readonly code: ErrorCode;
}

/** The batch, or the batch it is nested in, was committed or discarded. */
export class BatchClosedError extends MemDBError {
  readonly code: 'ERR_BATCH_CLOSED' | 'ERR_DATABASE_CLOSED' = 'ERR_BATCH_CLOSED';

  constructor(message = 'the batch is closed') {
    super(message);
  }
}

/** The database is closed, and with it all of its batches. */
export class DatabaseClosedError extends BatchClosedError {
  override readonly code = 'ERR_DATABASE_CLOSED';

  constructor(message = 'the database is closed') {
    super(message);
  }
}

/** A put, a delete, or the begin of a writable batch, on a read-only batch. */
export class ReadOnlyBatchError extends MemDBError {
  readonly code = 'ERR_READ_ONLY_BATCH';

  constructor(message = 'the batch is read-only') {
    super(message);
  }
}

/** A get of a key that the batch does not see. */
export class NotFoundError extends MemDBError {
  readonly code = 'ERR_NOT_FOUND';
  /** The whole key, the batch's prefix included. */
  readonly key: Key;

  constructor(key: Key) {
    super(`${key} not found`);
    this.key = key;
  }
}

/** A part that no key can hold, or a key that cannot be hashed. */
export class InvalidKeyError extends MemDBError {
  readonly code = 'ERR_INVALID_KEY';
}

/** Bad binary, JSON or URL text. The message says what and where. */
export class EncodingError extends MemDBError {
  readonly code = 'ERR_ENCODING';
}

/** Not a handle of a database of this process. */
export class InvalidHandleError extends MemDBError {
  readonly code = 'ERR_INVALID_HANDLE';
}

/** A commit that would pass `maxBytes`, or for which memory cannot be had; nothing was changed. */
export class DatabaseFullError extends MemDBError {
  readonly code = 'ERR_DATABASE_FULL';
}

/** An update or a commit to a database inside an update of it in the same thread. */
export class NestedUpdateError extends MemDBError {
  readonly code = 'ERR_NESTED_UPDATE';

  constructor(message = 'the database is being updated by this thread already') {
    super(message);
  }
}

/** The database's transaction lock was not had in time. */
export class LockTimeoutError extends MemDBError {
  readonly code = 'ERR_LOCK_TIMEOUT';
  /** The thread id (`worker_threads.threadId`) that holds the lock, when it is known. */
  readonly holder: number | undefined;

  /** `timeoutMs` is how long was waited, in milliseconds. */
  constructor(timeoutMs: number, holder?: number) {
    const who = holder === undefined ? 'another thread' : `thread ${holder}`;
    super(`${who} still holds the transaction lock after ${timeoutMs} ms`);
    this.holder = holder;
  }
}

/** The engine asked for cannot be loaded; `cause` tells why. */
export class EngineUnavailableError extends MemDBError {
  readonly code = 'ERR_ENGINE_UNAVAILABLE';
}

// On the prototypes, so that stack traces show the names and minifiers keep them.
for (const [name, type] of Object.entries({
  MemDBError,
  BatchClosedError,
  DatabaseClosedError,
  ReadOnlyBatchError,
  NotFoundError,
  InvalidKeyError,
  EncodingError,
  InvalidHandleError,
  DatabaseFullError,
  NestedUpdateError,
  LockTimeoutError,
  EngineUnavailableError,
})) {
  Object.defineProperty(type.prototype, 'name', {
    value: name,
    writable: true,
    configurable: true,
  });
}
