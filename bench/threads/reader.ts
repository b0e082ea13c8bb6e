// A thread that reads, as it is told by messages.
import { parentPort, workerData } from 'node:worker_threads';
import { MemDB } from 'accumulate-memdb';
import { Data, mark } from '../data.js';
import { Random } from '../random.js';
import { MemDBStore } from '../subjects/memdb.js';
import { isGeneration } from './generation.js';
import { Stopwatch, type Times } from './stopwatch.js';
import type { Assignment } from './thread.js';

/**
 * `rate`: reads for `time` milliseconds, while nobody writes; answers nanoseconds a read.
 * `latencies`: adds to `times` what each single read took; answers the longest as `Stopwatch` has it.
 * `clock`: the same with nothing between the two looks at the clock.
 * `read`: answers once it reads, goes on until it is stopped and answers again.
 */
export type ReaderTask =
  | { readonly kind: 'rate'; readonly time: number }
  | { readonly kind: 'latencies' | 'clock'; readonly time: number; readonly times: Times }
  | { readonly kind: 'read' };

/** Reads between two looks at what time it is. */
const STRETCH = 1_000;
/** Reads in one batch where there are writers: what they supersede is to be freed. */
const BATCH = 100;
const PICKS = 1_000_000;

const { handle, layout, size, seed, going } = workerData as Assignment;
const store = new MemDBStore(MemDB.attach(handle));
const data = new Data(layout, size, store);
const picks = new Random(seed).picks(PICKS, size);
const goes = new Int32Array(going);

function rate(time: number): number {
  const reader = store.read();
  const start = performance.now();
  let reads = 0;
  let sum = 0;
  let now = start;
  while (now < start + time) {
    const from = reads % PICKS;
    for (let i = from; i < from + STRETCH; i++) {
      sum += mark(reader.get(data.key(picks[i] as number)));
    }
    reads += STRETCH;
    now = performance.now();
  }
  void reader.discard();
  for (let i = 0; i < reads; i++) sum -= mark(data.value(picks[i % PICKS] as number));
  if (sum !== 0) throw new Error(`${reads} reads found other values than were put`);
  return ((now - start) * 1e6) / reads;
}

/** Answers the longest, less what others ran meanwhile. */
function latencies(time: number, times: Times): number | undefined {
  const watch = new Stopwatch(times);
  const end = performance.now() + time;
  for (let from = 0; performance.now() < end; from = (from + BATCH) % PICKS) {
    const reader = store.read();
    watch.lap();
    for (let i = from; i < from + BATCH; i++) {
      const n = picks[i] as number;
      const before = process.hrtime.bigint();
      const value = reader.get(data.key(n));
      watch.add(before, process.hrtime.bigint());
      check(value, n);
    }
    void reader.discard();
  }
  return watch.longestRunning;
}

function clock(time: number, times: Times): number | undefined {
  const watch = new Stopwatch(times);
  const end = performance.now() + time;
  while (performance.now() < end) {
    watch.lap();
    for (let i = 0; i < BATCH; i++) {
      const before = process.hrtime.bigint();
      watch.add(before, process.hrtime.bigint());
    }
  }
  return watch.longestRunning;
}

function read(): string {
  readBatch(0);
  parentPort?.postMessage('reading');
  for (let from = BATCH; Atomics.load(goes, 0) === 1; from = (from + BATCH) % PICKS) {
    readBatch(from);
  }
  return 'stopped';
}

function readBatch(from: number): void {
  const reader = store.read();
  for (let i = from; i < from + BATCH; i++) {
    const n = picks[i] as number;
    check(reader.get(data.key(n)), n);
  }
  void reader.discard();
}

function check(value: Uint8Array | undefined, n: number): void {
  if (!isGeneration(value, data.value(n))) throw new Error(`entry ${n} has a wrong value`);
}

function perform(task: ReaderTask): unknown {
  switch (task.kind) {
    case 'rate':
      return rate(task.time);
    case 'latencies':
      return latencies(task.time, task.times);
    case 'clock':
      return clock(task.time, task.times);
    case 'read':
      return read();
  }
}

parentPort?.on('message', (task: ReaderTask) => parentPort?.postMessage(perform(task)));
parentPort?.postMessage('ready');
