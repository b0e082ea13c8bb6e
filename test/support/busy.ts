import { Worker } from 'node:worker_threads';
import { Key, type MemDB, uint } from 'accumulate-memdb';
import { expect } from 'vitest';

/** The keys that busy threads read and write, always all of them together. */
export const KEYS = Array.from({ length: 200 }, (_, i) => Key.of('shared', uint(i)));

/** A thread that runs busy.mjs. */
export interface Busy {
  readonly worker: Worker;
  /** Every round adds 1. */
  readonly rounds: Int32Array;
  readonly exited: Promise<unknown>;
}

/** Gives the keys their first values. */
export function filled(db: MemDB): MemDB {
  db.update((batch) => {
    for (const key of KEYS) batch.put(key, 'first');
  });
  return db;
}

/** Starts a thread that does nothing but `activity`. Resolves when the thread has begun. */
export async function busy(db: MemDB, activity: string, ending = 'none'): Promise<Busy> {
  const flag = new SharedArrayBuffer(4);
  const worker = new Worker(new URL('./busy.mjs', import.meta.url), {
    workerData: { handle: db.handle, flag, activity, ending },
  });
  const rounds = new Int32Array(flag);
  worker.on('error', (error) => {
    if (error.message !== 'thrown on purpose') throw error;
  });
  const exited = new Promise((resolve) => worker.on('exit', resolve));
  const { value } = Atomics.waitAsync(rounds, 0, 0, 20_000);
  if ((await value) === 'timed-out') throw new Error('the thread never began');
  return { worker, rounds, exited };
}

/** Checks that what was written together is there together. */
export function expectWhole(db: MemDB): void {
  const values = new Set(db.view((batch) => batch.getMany(KEYS).map(String)));
  expect([...values]).toHaveLength(1);
  expect([...values][0]).not.toContain('never committed');
}
