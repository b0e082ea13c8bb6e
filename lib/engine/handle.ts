import { types } from 'node:util';
import { InvalidHandleError } from '../errors.js';
import { copyName, isSameCopy } from './copy.js';
import type { EngineName } from './engine.js';

/**
 * The first words of every database handle (a `SharedArrayBuffer`). Both engines have the same, so that
 * `MemDB.attach` knows which engine to ask. They say what the handle claims to be; the engine decides
 * whether it is one.
 */
export const HandleWord = {
  /** HANDLE_MAGIC. */
  Magic: 0,
  /** HANDLE_VERSION: of the layout of the handle. */
  Version: 1,
  /** ENGINE_NATIVE or ENGINE_FALLBACK. */
  Engine: 2,
  /** Fallback: 1 once the database is closed for all. */
  Closed: 3,
  /** Four words of random id. */
  Id: 4,
  /** 1 once a thread waits without blocking, 0 again once it is woken; see `alarm.ts`. */
  Waiting: 160,
  /** Changes when such threads are woken. */
  Raised: 161,
} as const;

/** "AMDB". */
export const HANDLE_MAGIC = 0x42444d41;
export const HANDLE_VERSION = 4;
export const ENGINE_NATIVE = 1;
export const ENGINE_FALLBACK = 2;
/** The bytes of a native handle; a fallback's handle is its whole memory. */
export const HANDLE_SIZE = 648;
/** At which byte the name of the copy of the package stands that made the handle, and how many bytes it may have. */
const COPY_BYTE: Record<EngineName, number> = { native: 32, fallback: 1024 };
const COPY_SIZE = 480;
/** The fewest bytes that any handle has. */
const LEAST_SIZE = 32;

/** Writes which copy of the package made the handle. */
export function signHandle(handle: SharedArrayBuffer, engine: EngineName): void {
  const name = Buffer.from(copyName());
  // Of a long one the end says more.
  const end = name.subarray(Math.max(0, name.length - COPY_SIZE));
  new Uint8Array(handle, COPY_BYTE[engine], COPY_SIZE).set(end);
}

/**
 * Gives a thread a database to read. Pass it to `MemDB.attach` in a worker, like a handle. It guards against
 * mistakes: a thread that takes it apart has the handle.
 * @example
 * ```ts
 * const reader = MemDB.attach(db.readOnlyHandle);
 * reader.update((b) => b.put(Key.of('k'), 'v')); // throws ReadOnlyBatchError
 * ```
 */
export interface ReadOnlyHandle {
  /** The handle of the database. */
  readonly readOnly: SharedArrayBuffer;
}

/** The engine that a handle claims to be of. Throws `InvalidHandleError` if it is no handle at all. */
export function engineOf(handle: unknown): EngineName {
  if (!types.isSharedArrayBuffer(handle)) {
    throw new InvalidHandleError(
      'a handle is a SharedArrayBuffer; pass db.handle, by workerData or postMessage, not in a transfer list',
    );
  }
  if (handle.byteLength < LEAST_SIZE) {
    throw new InvalidHandleError(
      `a handle has at least ${LEAST_SIZE} bytes, not ${handle.byteLength}`,
    );
  }
  const words = new Int32Array(handle, 0, LEAST_SIZE >> 2);
  if (words[HandleWord.Magic] !== HANDLE_MAGIC) {
    throw new InvalidHandleError('not the handle of a database: its first word is wrong');
  }
  const version = words[HandleWord.Version];
  if (version !== HANDLE_VERSION) {
    throw new InvalidHandleError(
      `the handle is of version ${version}, and this is version ${HANDLE_VERSION}: it is of another copy of ` +
        `this package${nameOfOther(handle, words[HandleWord.Engine])}; use one copy in all threads`,
    );
  }
  const engine = words[HandleWord.Engine];
  const other = nameOfOther(handle, engine);
  if (other !== '') {
    throw new InvalidHandleError(
      `the handle is of another copy of this package${other}; this is ${copyName()}; use one copy in all threads`,
    );
  }
  if (engine === ENGINE_NATIVE && handle.byteLength === HANDLE_SIZE) return 'native';
  if (engine === ENGINE_FALLBACK) return 'fallback';
  throw new InvalidHandleError(`the handle is of no engine (${engine})`);
}

/** Names the copy of the package that made the handle. Returns an empty text if it is this one, or not known. */
function nameOfOther(handle: SharedArrayBuffer, engine: number | undefined): string {
  const start = COPY_BYTE[engine === ENGINE_NATIVE ? 'native' : 'fallback'];
  if (handle.byteLength < start + COPY_SIZE) return '';
  const text = Buffer.from(new Uint8Array(handle, start, COPY_SIZE))
    .toString()
    .replace(/\0+$/, '');
  const own = Buffer.from(copyName()).subarray(-COPY_SIZE).toString();
  return isSameCopy(text, own) ? '' : `, ${text}`;
}
