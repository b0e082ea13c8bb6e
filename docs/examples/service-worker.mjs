// @ts-check
// A worker of service.mjs: looks keys up.
import { parentPort, workerData } from 'node:worker_threads';
import { Key, MemDB } from 'accumulate-memdb';

const db = MemDB.attach(workerData);

parentPort?.on('message', ({ id, key }) => {
  try {
    const value = db.view((batch) => batch.tryGet(Key.decode(key)));
    // The value may stand in memory that it shares with others. A message copies all of that.
    parentPort?.postMessage({ id, value: value && new Uint8Array(value) });
  } catch (error) {
    // An error that is posted loses its class and its code.
    const { name, code, message } = /** @type {import('accumulate-memdb').MemDBError} */ (error);
    parentPort?.postMessage({ id, error: { name, code, message } });
  }
});
