// A thread that commits some large values, and then, on a message, reads what another has committed.
import { parentPort, workerData } from 'node:worker_threads';
import { Key, MemDB, uint } from 'accumulate-memdb';

const db = MemDB.attach(workerData);
db.update((batch) => {
  for (let i = 0; i < 12; i++) batch.put(Key.of('newer', uint(i)), Buffer.alloc(20_000, 7));
});
parentPort.postMessage('committed');
parentPort.once('message', () => {
  const keys = Array.from({ length: 12 }, (_, i) => Key.of('older', uint(i)));
  const values = db.view((batch) => keys.map((key) => batch.get(key)));
  parentPort.postMessage(values.reduce((sum, value) => sum + value.length, 0));
});
