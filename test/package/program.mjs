// What a program does with the package in a few seconds, on any runtime. It prints one line of JSON.
//
//   program.mjs [ENGINE]
import assert from 'node:assert';
import { Worker } from 'node:worker_threads';
import { engineInfo, Key, MemDB, NotFoundError } from 'accumulate-memdb';
import { Chain, heal } from 'accumulate-memdb/healing';

const info = engineInfo();
const db = new MemDB({ engine: process.argv[2] ?? 'auto' });

// Snapshots, nesting, iteration, errors.
db.update((batch) => {
  for (let i = 0; i < 1000; i++) batch.put(Key.of('k', i), `value ${i}`);
});
const before = db.begin();
db.update((batch) => {
  const nested = batch.begin(Key.of('k'), true);
  nested.put(Key.of(7), 'changed');
  nested.commit();
  batch.delete(Key.of('k', 8));
});
assert.equal(String(before.get(Key.of('k', 7))), 'value 7');
before.discard();
db.view((batch) => {
  assert.equal(String(batch.get(Key.of('k', 7))), 'changed');
  assert.throws(() => batch.get(Key.of('k', 8)), NotFoundError);
  assert.equal([...batch].length, 999);
});
db.update((batch) => new Chain(batch, Key.of('chain')).addEntry(new Uint8Array(32)));

// A worker shares the data.
const worker = `
  const { workerData, parentPort } = require('node:worker_threads');
  const { Key, MemDB } = require(workerData.path);
  const db = MemDB.attach(workerData.handle);
  for (let i = 0; i < 100; i++) {
    db.update((batch) => batch.put(Key.of('n'), String(Number(batch.tryGet(Key.of('n')) ?? 0) + 1)));
  }
  parentPort.postMessage(db.engine);
  db.close();
`;
const path = (await import('node:module'))
  .createRequire(import.meta.url)
  .resolve('accumulate-memdb');
const workers = [1, 2].map(
  () => new Worker(worker, { eval: true, workerData: { path, handle: db.handle } }),
);
const engines = await Promise.all(
  workers.map((each) => new Promise((done, fail) => each.on('message', done).on('error', fail))),
);
assert.deepEqual(engines, [db.engine, db.engine]);
assert.equal(
  db.view((batch) => String(batch.get(Key.of('n')))),
  '200',
);
const { engine } = db;
db.close();

const report = await heal({ engine, entries: 500, workers: 2 });
assert.equal(report.receipts.failed, 0);
assert.equal(report.receipts.count, 500);
console.log(JSON.stringify({ ...info, used: engine, healed: report.receipts.count }));
