// A thread that makes the memory of a database larger, and stops for good at that very step.
import { parentPort, workerData } from 'node:worker_threads';
import { Key, MemDB, uint } from 'accumulate-memdb';

const { grow } = SharedArrayBuffer.prototype;
SharedArrayBuffer.prototype.grow = function (length) {
  grow.call(this, length);
  parentPort.postMessage('grown');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
MemDB.attach(workerData).update((batch) => {
  for (let i = 0; i < 40; i++) batch.put(Key.of('lost', uint(i)), Buffer.alloc(20_000));
});
