// A thread that other threads control. It attaches to a database by its handle, runs the actions below
// by name, and sends back their results or errors (see thread.ts).
import { once } from 'node:events';
import { parentPort, threadId, Worker } from 'node:worker_threads';
import { Key, MemDB, uint } from 'accumulate-memdb';

let db;
const batches = [];

const actions = {
  attach(handle) {
    db = MemDB.attach(handle);
    return db.engine;
  },
  /** Returns the handle, which was sent here and goes back. */
  handle: () => db.handle,
  /** Creates a database and returns its handle. */
  create(engine) {
    db = new MemDB({ engine });
    db.update((batch) => batch.put(Key.of('k'), `of thread ${threadId}`));
    return db.handle;
  },
  get: (name) => db.view((batch) => batch.tryGet(Key.of(name))?.toString()),
  put: (name, value) => db.update((batch) => batch.put(Key.of(name), value)),
  /** Adds 1 to a counter again and again. */
  count(name, times) {
    for (let i = 0; i < times; i++) {
      db.update((batch) => {
        const value = Number(batch.tryGet(Key.of(name)) ?? 0);
        batch.put(Key.of(name), String(value + 1));
      });
    }
  },
  /** Leaves a batch open. */
  begin(writable) {
    batches.push(db.begin(null, writable));
  },
  /** Reads in the batch that began first. */
  read: (name) => batches[0].get(Key.of(name)).toString(),
  discard() {
    for (const batch of batches.splice(0)) batch.discard();
  },
  /** Ends its batches, sets the flag to 1, and sleeps until somebody changes it. */
  discardAndSleep(flag) {
    actions.discard();
    const words = new Int32Array(flag);
    Atomics.store(words, 0, 1);
    Atomics.wait(words, 0, 1);
  },
  /** Commits many pairs. */
  fill(count, value) {
    db.update((batch) => {
      for (let i = 0; i < count; i++) batch.put(Key.of('fill', uint(i)), value);
    });
  },
  /** Stays in an update: sets the flag to 1 inside, and returns when somebody changes it. */
  hold(flag) {
    const words = new Int32Array(flag);
    db.update(() => {
      Atomics.store(words, 0, 1);
      Atomics.notify(words, 0);
      Atomics.wait(words, 0, 1);
    });
  },
  nested: () => db.update(() => db.update(() => 'must not be reached')),
  /** Sets the flag, if there is one, when it ends, whether it fails or not. */
  updateWithin(timeoutMs, flag) {
    try {
      return db.update(() => 'done', { timeoutMs });
    } finally {
      if (flag !== undefined) {
        Atomics.store(new Int32Array(flag), 0, 1);
        Atomics.notify(new Int32Array(flag), 0);
      }
    }
  },
  /** What a thread started by this one reads. */
  async grandchild(handle, name) {
    const worker = new Worker(new URL(import.meta.url));
    worker.postMessage({ id: 0, action: 'attach', args: [handle] });
    await once(worker, 'message');
    worker.postMessage({ id: 1, action: 'put', args: ['grandchild', 'was here'] });
    await once(worker, 'message');
    worker.postMessage({ id: 2, action: 'get', args: [name] });
    const [{ result }] = await once(worker, 'message');
    await worker.terminate();
    return result;
  },
  stats: () => db.stats(),
  close: () => db.close(),
};

parentPort.on('message', async ({ id, action, args }) => {
  try {
    parentPort.postMessage({ id, result: await actions[action](...args) });
  } catch (error) {
    const { name, code, message, holder } = error;
    parentPort.postMessage({ id, error: { name, code, message, holder } });
  }
});
