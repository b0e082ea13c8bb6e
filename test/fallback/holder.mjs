// A thread that attaches to a database, begins a batch, takes the transaction mutex if `lock`
// is true, and stays like that. With `depth` it starts threads that do the same, one inside the other.
import { once } from 'node:events';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { MemDB } from 'accumulate-memdb';

const { handle, lock, depth } = workerData;
const db = MemDB.attach(handle);
db.begin();
if (depth > 0) {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { handle, lock, depth: depth - 1 },
  });
  await once(worker, 'message');
}
const forever = new Int32Array(new SharedArrayBuffer(4));
if (lock && depth === 0) {
  db.update(() => {
    parentPort.postMessage('holds');
    Atomics.wait(forever, 0, 0);
  });
} else {
  parentPort.postMessage('holds');
  setInterval(() => {}, 1_000);
}
