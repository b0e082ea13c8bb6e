import { parentPort, workerData } from 'node:worker_threads';
import { MemDB } from 'accumulate-memdb';
import { Data, type LayoutName, mark } from '../data.js';
import { Random } from '../random.js';
import { MemDBStore } from '../subjects/memdb.js';

/** What the thread reads. */
export interface Assignment {
  readonly handle: SharedArrayBuffer;
  readonly layout: LayoutName;
  readonly size: number;
  /** Of the keys that it picks. */
  readonly seed: number;
}

const GETS = 1_000;

const { handle, layout, size, seed } = workerData as Assignment;
const store = new MemDBStore(MemDB.attach(handle));
const data = new Data(layout, size, store);
const picks = new Random(seed).picks(GETS * 1_000, size);

/** Reads for so many milliseconds and answers how many nanoseconds a read took. */
parentPort?.on('message', (time: number) => {
  const reader = store.read();
  const start = performance.now();
  let reads = 0;
  let sum = 0;
  let now = start;
  while (now < start + time) {
    const from = reads % picks.length;
    for (let i = from; i < from + GETS; i++) {
      sum += mark(reader.get(data.key(picks[i] as number)));
    }
    reads += GETS;
    now = performance.now();
  }
  void reader.discard();
  // A value that is missing, or an empty one, has no mark so high.
  if (sum < reads * 33) throw new Error('a value was missing');
  parentPort?.postMessage(((now - start) * 1e6) / reads);
});
parentPort?.postMessage('ready');
