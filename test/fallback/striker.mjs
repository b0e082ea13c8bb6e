// A thread that starts another one, which takes the transaction mutex. When that one has ended, this
// one stops for good as it is about to take it off the table of threads.
import { once } from 'node:events';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { MemDB } from 'accumulate-memdb';

const forever = new Int32Array(new SharedArrayBuffer(4));
const { store } = Atomics;

MemDB.attach(workerData.handle);
const holder = new Worker(new URL('./holder.mjs', import.meta.url), {
  workerData: { handle: workerData.handle, lock: true, depth: 0 },
});
await once(holder, 'message');
let left = workerData.stores;
Atomics.store = (array, index, value) => {
  const isStrike = array.buffer.byteLength === workerData.tableBytes && Number(value) === 0;
  if (isStrike && left-- === 0) {
    parentPort.postMessage('strikes');
    Atomics.wait(forever, 0, 0);
  }
  return store(array, index, value);
};
holder.once('exit', () => parentPort.postMessage('struck'));
void holder.terminate();
