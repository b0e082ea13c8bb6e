// A thread whose update is stopped by the time limit of a script; it sleeps then.
import { createContext, runInContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { Key, MemDB } from 'accumulate-memdb';

const db = MemDB.attach(workerData);
const use = () =>
  db.update((batch) => {
    batch.put(Key.of('k'), 'never committed');
    for (;;);
  });
try {
  runInContext('use()', createContext({ use }), { timeout: 20 });
} catch {
  // That it was stopped.
}
await Promise.resolve();
parentPort.postMessage('stopped');
setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 0);
