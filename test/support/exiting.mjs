// A thread that exits inside an update, and updates in its exit handler.
import { workerData } from 'node:worker_threads';
import { Key, MemDB } from 'accumulate-memdb';

const db = MemDB.attach(workerData);
process.on('exit', () => {
  db.update((batch) => batch.put(Key.of('at exit'), 'written'), { timeoutMs: 0 });
});
db.update((batch) => {
  batch.put(Key.of('k'), 'never committed');
  process.exit(0);
});
