// A thread that does one operation after the other until it is terminated. It says in `acknowledged` how many
// of its counting updates have returned.
import { workerData } from 'node:worker_threads';
import { MemDB } from 'accumulate-memdb';
import { operations } from './stops.mjs';

const { handle, thread, shared } = workerData;
const acknowledged = new Int32Array(shared);
const db = MemDB.attach(handle);
const all = Object.values(operations(db, thread, (n) => Atomics.store(acknowledged, 1, n)));
Atomics.store(acknowledged, 0, 1);
Atomics.notify(acknowledged, 0);
for (;;) all[Math.floor(Math.random() * all.length)]();
