// A thread that reads; messages tell it how.
import { parentPort } from 'node:worker_threads';
import { mark } from '../harness/data.js';
import { data, goesOn, PICKS, picks, store } from './assigned.js';
import { isGeneration } from './generation.js';
import { Stopwatch, type Times } from './stopwatch.js';
import type { ReaderTask } from './tasks.js';

/** The reads between two checks of the time. */
const STRETCH = 1_000;
/** The reads of one batch if there are writers, so that superseded versions can be freed. */
const BATCH = 100;

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
  for (let from = BATCH; goesOn(); from = (from + BATCH) % PICKS) {
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
