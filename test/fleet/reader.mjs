// A worker that reads a replica's data by its handle, until it gets a message. Every snapshot must have all of the
// records, with one value.
import { parentPort, workerData } from 'node:worker_threads';
import { Key, MemDB, uint } from 'accumulate-memdb';
import { positionOf } from 'accumulate-memdb/fleet';

const { handle, count } = workerData;
const db = MemDB.attach(handle);
const keys = Array.from({ length: count }, (_, n) => Key.of('r', uint(n)));
const report = { snapshots: 0, mixed: 0, values: 0, writes: '' };
const byRevision = new Map();
let stopped = false;
parentPort.once('message', () => {
  stopped = true;
});
try {
  db.update(() => {});
} catch (error) {
  report.writes = error.code;
}
parentPort.postMessage('reading');
while (!stopped) {
  db.view((batch) => {
    const values = new Set(batch.getMany(keys).map(String));
    const { revision } = positionOf(batch);
    const known = byRevision.get(revision) ?? String([...values]);
    byRevision.set(revision, String([...values]));
    if (values.size !== 1 || known !== String([...values])) report.mixed++;
    report.snapshots++;
  });
  await new Promise((resolve) => setImmediate(resolve));
}
report.values = new Set(byRevision.values()).size;
parentPort.postMessage(report);
