// What the thread that loads this was started with.
import { workerData } from 'node:worker_threads';
import { Data } from '../harness/data.js';
import { MemDB } from '../harness/package.js';
import { Random } from '../harness/random.js';
import { MemDBStore } from '../subjects/memdb.js';
import type { Assignment } from './tasks.js';

const { handle, layout, size, seed, going } = workerData as Assignment;
const goes = new Int32Array(going);

/** The number of `picks`, after which they repeat themselves. */
export const PICKS = 1_000_000;

export const store = new MemDBStore(MemDB.attach(handle));
export const data = new Data(layout, size, store);
/** The entries that this thread works on, in order. */
export const picks = new Random(seed).picks(PICKS, size);

/** Whether the task that runs until it is stopped is to go on. */
export function goesOn(): boolean {
  return Atomics.load(goes, 0) === 1;
}
