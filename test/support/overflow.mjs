// A thread with a small stack that uses a database again and again, each time with less stack left. It
// says when it is done, and stays alive.
import { parentPort, workerData } from 'node:worker_threads';
import { AccountUrl, Key, MemDB, uint } from 'accumulate-memdb';

const { handle, use, rounds } = workerData;
const db = MemDB.attach(handle);
const urls = ['a.acme', 'b.acme'].map(AccountUrl.parse);
const keys = Array.from({ length: 50 }, (_, i) => Key.of('k', urls[i % 2], uint(i)));
let written = 0;
const write = (batch) => {
  const value = `value ${++written}`;
  for (const key of keys) batch.put(key, value);
};

const uses = {
  update: () => db.update(write),
  commit() {
    const batch = db.begin(null, true);
    try {
      write(batch);
      batch.commit();
    } finally {
      batch.discard();
    }
  },
};

/** Errors other than a stack overflow. */
const others = new Set();
let overflows = 0;

function descend() {
  try {
    uses[use]();
  } catch (error) {
    if (error instanceof RangeError) overflows++;
    else others.add(`${error}`);
  }
  descend();
}

for (let round = 0; round < rounds; round++) {
  try {
    descend();
  } catch {
    // No stack is left.
  }
}
setInterval(() => {}, 1_000);
parentPort.postMessage({ overflows, others: [...others] });
