import { type EngineName, Stat } from './engine.js';

/**
 * What one thread has open on a database.
 * @example
 * ```ts
 * const own: ThreadStats | undefined = db.stats().threads[0];
 * own?.openBatches; // 0
 * ```
 */
export interface ThreadStats {
  /** `threadId` of `node:worker_threads`. */
  threadId: number;
  openBatches: number;
  /** How many versions its batches and iterations hold. */
  openSnapshots: number;
}

/**
 * The state of a database at one moment.
 * @example
 * ```ts
 * const before: Stats = db.stats();
 * db.update((b) => b.put(Key.of('k'), 'v'));
 * db.stats().commits - before.commits; // 1
 * ```
 */
export interface Stats {
  engine: EngineName;
  /** How many keys have a value. */
  entries: number;
  /** The bytes of those keys (in binary form) and values. */
  bytes: number;
  /** The limit of `bytes`: the option `maxBytes`. */
  maxBytes: number;
  /** The bytes held in all: entries, superseded versions, tables and free space. */
  heldBytes: number;
  /** In all threads, nested batches included. */
  openBatches: number;
  /** How many versions open batches and iterations hold. */
  openSnapshots: number;
  /** How many values and deletions are superseded by later ones and not freed yet. */
  superseded: number;
  /** How many commits there were. */
  commits: number;
  /** For how long the oldest open snapshot has been held, in milliseconds; 0 without any. */
  oldestPinAge: number;
  /** Every thread that is attached. */
  threads: ThreadStats[];
}

/** The numbers of `Engine.stats` by name. */
export function namedStats(engine: EngineName, numbers: readonly number[]): Stats {
  const at = (index: number) => numbers[index] as number;
  const threads: ThreadStats[] = [];
  for (let n = Stat.Threads; n < numbers.length; n += 3) {
    threads.push({ threadId: at(n), openBatches: at(n + 1), openSnapshots: at(n + 2) });
  }
  return {
    engine,
    entries: at(Stat.Entries),
    bytes: at(Stat.Bytes),
    maxBytes: at(Stat.MaxBytes),
    heldBytes: at(Stat.HeldBytes),
    openBatches: at(Stat.OpenBatches),
    openSnapshots: at(Stat.OpenSnapshots),
    superseded: at(Stat.Superseded),
    commits: at(Stat.Commits),
    oldestPinAge: at(Stat.OldestPinAge),
    threads,
  };
}
