import { Batch } from './batch.js';
import { now, setTimeout } from './engine/clock.js';
import type { Connection } from './engine/connection.js';
import { BeginFlag } from './engine/engine.js';
import { ConflictError } from './errors.js';
import { EMPTY_KEY } from './record/key.js';

/** The longest pause after the first conflict, and after any, ms. */
const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 1_000;

/**
 * Runs `fn` on an optimistic batch and commits the batch; after a conflict, again on another batch, until
 * `timeoutMs` are over. Returns what `fn` returned. Throws as `MemDB.transaction` says.
 */
export async function runTransaction<T>(
  connection: Connection,
  fn: (batch: Batch) => T | PromiseLike<T>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<T> {
  const deadline = now() + timeoutMs;
  for (let longest = FIRST_PAUSE; ; longest = Math.min(2 * longest, LONGEST_PAUSE)) {
    signal?.throwIfAborted();
    const flags = BeginFlag.Writable | BeginFlag.Optimistic;
    const batch = new Batch(connection, undefined, EMPTY_KEY, flags);
    try {
      const result = await unlessAborted(signal, () => fn(batch));
      signal?.throwIfAborted();
      const conflict = tryCommit(batch);
      if (conflict === undefined) return result;
      const left = deadline - now();
      if (left <= 0) throw conflict;
      const pause = Math.min(Math.random() * longest, left);
      await unlessAborted(signal, () => new Promise((resolve) => setTimeout(resolve, pause)));
    } finally {
      batch.discard();
    }
  }
}

/** Returns the conflict that prevented the commit, or undefined. */
function tryCommit(batch: Batch): ConflictError | undefined {
  try {
    batch.commit();
    return undefined;
  } catch (error) {
    if (error instanceof ConflictError) return error;
    throw error;
  }
}

/** Awaits what `start` returns, but rejects with the signal's reason as soon as that aborts. */
async function unlessAborted<T>(
  signal: AbortSignal | undefined,
  start: () => T | PromiseLike<T>,
): Promise<T> {
  if (signal === undefined) return start();
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([start(), aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
