import { Batch } from './batch.js';
import { endCall, startCall } from './engine/calls.js';
import { clearTimeout, now, setTimeout } from './engine/clock.js';
import type { Connection } from './engine/connection.js';
import { BeginFlag } from './engine/engine.js';
import { ConflictError, LockTimeoutError } from './errors.js';
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
    throwIfAborted(signal);
    const flags = BeginFlag.Writable | BeginFlag.Optimistic;
    const batch = new Batch(connection, undefined, EMPTY_KEY, flags);
    try {
      const result = await unlessAborted(signal, () => fn(batch));
      throwIfAborted(signal);
      const conflict = await commit(connection, batch, deadline - now(), signal);
      if (conflict === undefined) return result;
      const left = deadline - now();
      if (left <= 0) throw conflict;
      await sleep(Math.min(Math.random() * longest, left), signal);
    } finally {
      batch.discard();
    }
  }
}

/**
 * Commits the batch. If another thread has the transaction mutex, waits for its turn without blocking the event
 * loop. Returns the conflict that prevented the commit, or undefined.
 */
async function commit(
  connection: Connection,
  batch: Batch,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<ConflictError | undefined> {
  try {
    return conflictOf(() => batch.commit({ timeoutMs: 0 }));
  } catch (error) {
    if (!(error instanceof LockTimeoutError)) throw error;
  }
  return new Promise((resolve, reject) => {
    const commitLocked = () => {
      const call = startCall(connection);
      call.locked = true;
      try {
        resolve(conflictOf(() => batch.commitLocked()));
      } catch (error) {
        reject(error);
      } finally {
        call.over = true;
        endCall(call);
      }
    };
    connection.whenLocked(commitLocked, reject, Math.max(timeoutMs, 0), signal);
  });
}

/** Returns the conflict that a commit throws, or undefined. */
function conflictOf(commit: () => void): ConflictError | undefined {
  try {
    commit();
    return undefined;
  } catch (error) {
    if (error instanceof ConflictError) return error;
    throw error;
  }
}

/** A signal of a library may have no method for this. */
function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw signal.reason;
}

async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  try {
    await unlessAborted(
      signal,
      () =>
        new Promise<void>((resolve) => {
          timer = setTimeout(resolve, ms);
        }),
    );
  } finally {
    // After an abort it would keep the process alive.
    clearTimeout(timer);
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
  // If `start` aborts and then throws, nobody else awaits it.
  aborted.catch(() => {});
  try {
    return await Promise.race([start(), aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
