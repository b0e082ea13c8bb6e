// A thread that commits as fast as it can, as it is told by messages.
import { parentPort, workerData } from 'node:worker_threads';
import { type Batch, MemDB } from 'accumulate-memdb';
import { Data } from '../data.js';
import { Random } from '../random.js';
import { MemDBStore } from '../subjects/memdb.js';
import { BLOCK } from '../workloads/blocks.js';
import { writeGeneration } from './generation.js';
import { RunQueue } from './runqueue.js';
import type { Assignment } from './thread.js';

/**
 * `write`: answers once it commits, goes on until it is stopped and answers again.
 * `time`: commits for `time` milliseconds, and times it; answers `Writes`.
 */
export type WriterTask =
  | { readonly kind: 'write' }
  | { readonly kind: 'time'; readonly time: number };

/** Milliseconds. */
export interface Longest {
  readonly inAll: number;
  /** Less what the thread waited for a processor; undefined where the system does not tell. */
  readonly running: number | undefined;
}

export interface Writes {
  /** How many blocks were written in a second. */
  readonly rate: number;
  /** The call alone; the puts came before. */
  readonly commit: Longest;
  /** The call with the puts in it. */
  readonly update: Longest;
}

const PICKS = 1_000_000;

const { handle, layout, size, seed, going } = workerData as Assignment;
const store = new MemDBStore(MemDB.attach(handle));
const data = new Data(layout, size, store);
const picks = new Random(seed).picks(PICKS, size);
const goes = new Int32Array(going);
const value = Buffer.alloc(data.value(0).length);

let blocks = 0;

/** Puts the next block, each value in another generation than before. */
function putBlock(batch: Batch): void {
  const from = (blocks++ * BLOCK) % PICKS;
  for (let i = from; i < from + BLOCK; i++) {
    const n = picks[i] as number;
    writeGeneration(value, data.value(n), blocks);
    batch.put(data.key(n), value);
  }
}

function write(): string {
  store.db.update(putBlock);
  parentPort?.postMessage('writing');
  while (Atomics.load(goes, 0) === 1) store.db.update(putBlock);
  return 'stopped';
}

/** Knows the longest call of those that it timed. */
class LongestCall {
  readonly #queue = new RunQueue();
  #inAll = 0;
  #running: number | undefined;

  time(work: () => void): void {
    const queued = this.#queue.waited();
    const start = performance.now();
    work();
    const took = performance.now() - start;
    if (took > this.#inAll) this.#inAll = took;
    const queuedAfter = this.#queue.waited();
    if (queued === undefined || queuedAfter === undefined) return;
    this.#running = Math.max(this.#running ?? 0, took - (queuedAfter - queued));
  }

  get longest(): Longest {
    return { inAll: this.#inAll, running: this.#running };
  }
}

function time(milliseconds: number): Writes {
  const commits = new LongestCall();
  const updates = new LongestCall();
  const before = blocks;
  const start = performance.now();
  let now = start;
  while (now < start + milliseconds) {
    const batch = store.db.begin(null, true);
    putBlock(batch);
    commits.time(() => batch.commit());
    updates.time(() => store.db.update(putBlock));
    now = performance.now();
  }
  const rate = ((blocks - before) * 1e3) / (now - start);
  return { rate, commit: commits.longest, update: updates.longest };
}

parentPort?.on('message', (task: WriterTask) => {
  parentPort?.postMessage(task.kind === 'write' ? write() : time(task.time));
});
parentPort?.postMessage('ready');
