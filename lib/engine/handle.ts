import { types } from 'node:util';
import { InvalidHandleError } from '../errors.js';
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
  /** 1 once the database is closed for all. */
  Closed: 3,
  /** Four words of random id. */
  Id: 4,
} as const;

/** "AMDB". */
export const HANDLE_MAGIC = 0x42444d41;
export const HANDLE_VERSION = 2;
export const ENGINE_NATIVE = 1;
export const ENGINE_FALLBACK = 2;
/** The bytes of a native handle; a fallback's handle is its whole memory. */
export const HANDLE_SIZE = 32;

/** The engine that a handle claims to be of. Throws `InvalidHandleError` if it is no handle at all. */
export function engineOf(handle: unknown): EngineName {
  if (!types.isSharedArrayBuffer(handle)) {
    throw new InvalidHandleError(
      'a handle is a SharedArrayBuffer; pass db.handle, by workerData or postMessage, not in a transfer list',
    );
  }
  if (handle.byteLength < HANDLE_SIZE) {
    throw new InvalidHandleError(
      `a handle has at least ${HANDLE_SIZE} bytes, not ${handle.byteLength}`,
    );
  }
  const words = new Int32Array(handle, 0, HANDLE_SIZE >> 2);
  if (words[HandleWord.Magic] !== HANDLE_MAGIC) {
    throw new InvalidHandleError('not the handle of a database: its first word is wrong');
  }
  const version = words[HandleWord.Version];
  if (version !== HANDLE_VERSION) {
    throw new InvalidHandleError(
      `the handle is of version ${version}, and this is version ${HANDLE_VERSION}`,
    );
  }
  const engine = words[HandleWord.Engine];
  if (engine === ENGINE_NATIVE && handle.byteLength === HANDLE_SIZE) return 'native';
  if (engine === ENGINE_FALLBACK) return 'fallback';
  throw new InvalidHandleError(`the handle is of no engine (${engine})`);
}
