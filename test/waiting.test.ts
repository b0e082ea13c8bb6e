import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import {
  type Batch,
  CommitTimeoutError,
  DatabaseClosedError,
  Key,
  LockTimeoutError,
  type MemDB,
  NestedUpdateError,
} from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';
import { Thread } from './support/thread.js';

const K = Key.of('k');
const read = (b: Pick<Batch, 'tryGet'>) => Number(b.tryGet(K) ?? 0);
const increment = (b: Batch) => b.put(K, String(read(b) + 1));

/** Holds the transaction mutex in another thread until the function that it returns is called. */
async function hold(db: MemDB) {
  const thread = await Thread.attached(db);
  const flag = new SharedArrayBuffer(4);
  const words = new Int32Array(flag);
  const held = thread.call('hold', flag);
  while (Atomics.load(words, 0) === 0) await turn();
  const release = async () => {
    Atomics.store(words, 0, 2);
    Atomics.notify(words, 0);
    await held;
  };
  return { thread, release };
}

/** Threads that update without a pause until they are terminated. */
async function busy(db: MemDB, count: number): Promise<Worker[]> {
  const code = `
    const { workerData, parentPort } = require('node:worker_threads');
    const { MemDB, Key } = require('accumulate-memdb');
    const db = MemDB.attach(workerData);
    parentPort.postMessage('ready');
    for (;;) db.update((b) => {
      const n = Number(b.tryGet(Key.of('busy')) ?? 0);
      b.put(Key.of('busy'), String(n + 1));
    });`;
  const workers = Array.from(
    { length: count },
    () => new Worker(code, { eval: true, workerData: db.handle }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  return workers;
}

describeEngines('updateAsync', (open) => {
  it('runs the function in a later task and returns its result', async () => {
    const db = open();
    let ran = false;
    const run = db.updateAsync((b) => {
      ran = true;
      increment(b);
      return 'done';
    });
    expect(ran).toBe(false);
    expect(await run).toBe('done');
    expect(db.view(read)).toBe(1);
    expect(db.stats().openBatches).toBe(0);
  });

  it('rejects with what the function throws, and commits nothing then', async () => {
    const db = open();
    const error = new Error('no');
    const run = db.updateAsync((b) => {
      increment(b);
      throw error;
    });
    await expect(run).rejects.toBe(error);
    await expect(db.updateAsync((async () => {}) as never)).rejects.toThrow('must be synchronous');
    expect(db.view(read)).toBe(0);
    db.update(increment, { timeoutMs: 0 });
  });

  it('holds the mutex until it has committed: an update or a commit inside is refused', async () => {
    const db = open();
    const other = db.begin(null, true);
    other.put(K, '7');
    await db.updateAsync((b) => {
      expect(() => db.update(increment)).toThrow(NestedUpdateError);
      expect(() => other.commit()).toThrow(NestedUpdateError);
      increment(b);
    });
    expect(db.version).toBe(1);
    expect(db.view(read)).toBe(1);
  });

  it('runs in the order of the calls, also beside updates of the same thread', async () => {
    const db = open();
    const order: number[] = [];
    const all = Array.from({ length: 20 }, (_, n) => db.updateAsync(() => order.push(n)));
    db.update((b) => {
      all.push(db.updateAsync(() => order.push(20)));
      increment(b);
    });
    await Promise.all(all);
    expect(order).toEqual(Array.from({ length: 21 }, (_, n) => n));
  });

  it('loses no update of others, in threads that update either way', async () => {
    const db = open();
    const updates = 2_000;
    const code = `
      const { workerData, parentPort } = require('node:worker_threads');
      const { MemDB, Key } = require('accumulate-memdb');
      const { handle, method, updates } = workerData;
      const db = MemDB.attach(handle);
      const K = Key.of('k');
      (async () => {
        for (let n = 0; n < updates; n++) {
          await db[method]((b) => b.put(K, String(Number(b.tryGet(K) ?? 0) + 1)));
        }
        parentPort.postMessage('done');
      })();`;
    const workers = ['updateAsync', 'updateAsync', 'update', 'update'].map(
      (method) =>
        new Worker(code, { eval: true, workerData: { handle: db.handle, method, updates } }),
    );
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    expect(db.view(read)).toBe(4 * updates);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }, 60_000);

  it('refuses an update or a commit to the database inside its function', async () => {
    const db = open();
    const batch = db.begin(null, true);
    increment(batch);
    await db.updateAsync((b) => {
      expect(() => db.update(increment)).toThrow(NestedUpdateError);
      expect(() => batch.commit()).toThrow(NestedUpdateError);
      increment(b);
    });
    expect(db.view(read)).toBe(1);
    batch.discard();
  });

  it('gets its turn though its thread was busy until the time was over', async () => {
    const db = open();
    const all = Array.from({ length: 3 }, () => db.updateAsync(increment, { timeoutMs: 2 }));
    const wait = db.waitForCommit(db.version, { timeoutMs: 2 });
    const end = performance.now() + 20;
    while (performance.now() < end);
    await Promise.all(all);
    expect(db.view(read)).toBe(3);
    expect(await wait).toBeGreaterThan(0);
  });

  it('runs the function in the context of its call', async () => {
    const db = open();
    const context = new AsyncLocalStorage<number>();
    const calls = [1, 2, 3].map((n) =>
      context.run(n, () => db.updateAsync(() => context.getStore())),
    );
    expect(await Promise.all(calls)).toEqual([1, 2, 3]);
  });

  it('leaves the event loop running while another thread has the mutex', async () => {
    const db = open();
    const { thread, release } = await hold(db);
    let turns = 0;
    const run = db.updateAsync(increment);
    for (; turns < 20; turns++) await sleep(1);
    expect(db.view(read)).toBe(0);
    await release();
    await run;
    expect(db.view(read)).toBe(1);
    await thread.end();
  });

  it('runs nothing if it is aborted or takes too long, and leaves nothing queued', async () => {
    const db = open();
    const { thread, release } = await hold(db);
    const controller = new AbortController();
    const reason = new Error('stop');
    const aborted = db.updateAsync(increment, { signal: controller.signal });
    const late = db.updateAsync(increment, { timeoutMs: 20 });
    const third = db.updateAsync(increment);
    await sleep(5);
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    await expect(late).rejects.toThrow(LockTimeoutError);
    await expect(db.updateAsync(increment, { signal: controller.signal })).rejects.toBe(reason);
    await release();
    await third;
    expect(db.view(read)).toBe(1);
    const alone = new AbortController();
    const second = await hold(db);
    const only = db.updateAsync(increment, { signal: alone.signal });
    await sleep(5);
    alone.abort(reason);
    await expect(only).rejects.toBe(reason);
    await second.release();
    expect(await thread.call('updateWithin', 1_000)).toBe('done');
    db.update(increment, { timeoutMs: 1_000 });
    await thread.end();
    await second.thread.end();
  });

  it('gets its turn beside threads that update without a pause', async () => {
    const db = open();
    const workers = await busy(db, 3);
    const before = db.version;
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const turns = 30;
    for (let n = 0; n < turns; n++) await db.updateAsync(increment);
    delay.disable();
    const others = db.version - before - turns;
    console.log(
      `updateAsync (${db.engine}): ${turns} turns among ${others} updates of three threads; ` +
        `event-loop delay p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms, ` +
        `longest ${(delay.max / 1e6).toFixed(1)} ms`,
    );
    expect(db.view(read)).toBe(turns);
    await Promise.all(workers.map((worker) => worker.terminate()));
    await db.updateAsync(increment);
  }, 60_000);

  it('gets the mutex of a thread that was terminated, and lets others have that of such a thread', async () => {
    const db = open();
    const { thread } = await hold(db);
    const run = db.updateAsync(increment);
    await thread.end();
    await run;
    const waiting = new Worker(
      `const { workerData, parentPort } = require('node:worker_threads');
       const { MemDB } = require('accumulate-memdb');
       const db = MemDB.attach(workerData);
       db.updateAsync(() => {}).catch(() => {});
       db.waitForCommit(1e9).catch(() => {});
       setTimeout(() => parentPort.postMessage('waits'), 20);`,
      { eval: true, workerData: db.handle },
    );
    const ready = once(waiting, 'message');
    const second = await hold(db);
    await ready;
    await waiting.terminate();
    await second.release();
    expect(await second.thread.call('updateWithin', 5_000)).toBe('done');
    await db.updateAsync(increment);
    expect(db.view(read)).toBe(2);
    await second.thread.end();
  });

  it('gives way to an update of its own thread, and to others while its thread is busy', async () => {
    const db = open();
    const { thread, release } = await hold(db);
    const run = db.updateAsync(increment);
    await sleep(10);
    await release();
    // By now the mutex may be reserved for this thread.
    const end = performance.now() + 30;
    while (performance.now() < end);
    db.update(increment, { timeoutMs: 1_000 });
    const update = thread.call('updateWithin', 5_000);
    const busyUntil = performance.now() + 200;
    while (performance.now() < busyUntil);
    expect(await update).toBe('done');
    await run;
    expect(db.view(read)).toBe(2);
    await thread.end();
  });

  it('is rejected when the database is closed, here or elsewhere', async () => {
    const db = open();
    const { thread, release } = await hold(db);
    const run = db.updateAsync(increment);
    const wait = db.waitForCommit(db.version);
    await sleep(5);
    db.close();
    await expect(run).rejects.toThrow(DatabaseClosedError);
    await expect(wait).rejects.toThrow(DatabaseClosedError);
    await expect(db.updateAsync(increment)).rejects.toThrow(DatabaseClosedError);
    await expect(db.waitForCommit(0)).rejects.toThrow(DatabaseClosedError);
    await release().catch(() => {});
    await thread.end();
  });
});

describeEngines('waitForCommit', (open) => {
  it('resolves at once if there was a commit, else with the next one', async () => {
    const db = open();
    db.update(increment);
    expect(await db.waitForCommit(0)).toBe(1);
    const next = db.waitForCommit(1);
    await turn();
    db.update(increment);
    expect(await next).toBe(2);
    const thread = await Thread.attached(db);
    const another = db.waitForCommit(2);
    await thread.call('put', 'other', 'x');
    expect(await another).toBe(3);
    await thread.end();
  });

  it('ends with its time or its signal', async () => {
    const db = open();
    await expect(db.waitForCommit(0, { timeoutMs: 5 })).rejects.toThrow(CommitTimeoutError);
    const reason = new Error('stop');
    const controller = new AbortController();
    const wait = db.waitForCommit(0, { signal: controller.signal });
    controller.abort(reason);
    await expect(wait).rejects.toBe(reason);
    await expect(db.waitForCommit(Number.NaN)).rejects.toThrow(TypeError);
  });

  it('misses no commit, in eight threads', async () => {
    const db = open();
    const commits = 100_000;
    const code = `
      const { workerData, parentPort } = require('node:worker_threads');
      const { MemDB, Key } = require('accumulate-memdb');
      const db = MemDB.attach(workerData.handle);
      parentPort.postMessage('ready');
      (async () => {
        let wakes = 0;
        for (let seen = 0; seen < workerData.commits; wakes++) {
          const before = seen;
          seen = await db.waitForCommit(seen);
          const value = db.view((b) => Number(b.get(Key.of('k'))));
          if (seen <= before || value < seen) throw new Error(before + ' ' + seen + ' ' + value);
        }
        parentPort.postMessage(wakes);
      })();`;
    const workers = Array.from(
      { length: 8 },
      () => new Worker(code, { eval: true, workerData: { handle: db.handle, commits } }),
    );
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    const done = workers.map((worker) => once(worker, 'message'));
    for (let n = 1; n <= commits; n++) {
      db.update((b) => b.put(K, String(n)));
      // So that the others wait now and then.
      if (n % 1_000 === 0) await sleep(1);
    }
    const wakes = (await Promise.all(done)).map(([count]) => count);
    console.log(`waitForCommit (${db.engine}): woken ${wakes} times in ${commits} commits`);
    expect(Math.min(...wakes)).toBeGreaterThan(1);
  }, 120_000);
});

describeEngines('commit', (open) => {
  it('waits only as long as it is told to, and the batch stays open then', async () => {
    const db = open();
    const batch = db.begin(null, true);
    increment(batch);
    const { thread, release } = await hold(db);
    expect(() => batch.commit({ timeoutMs: 10 })).toThrow(LockTimeoutError);
    expect(() => batch.commit({ timeoutMs: 'x' as never })).toThrow(TypeError);
    expect(batch.closed).toBe(false);
    await release();
    batch.commit({ timeoutMs: 5_000 });
    expect(db.view(read)).toBe(1);
    await thread.end();
  });
});
