import { once } from 'node:events';
import { createContext, runInContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { Key, type MemDB } from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';

const k = Key.of('k');

/** Runs `code`, which can call `use`, until the time limit of a script stops it. */
function stop(use: () => void, code = 'use()'): void {
  const context = createContext({ use });
  expect(() => runInContext(code, context, { timeout: 20 })).toThrow(/timed out/);
}

function forever(): never {
  for (;;);
}

/** Nobody holds anything, and what the stopped call wrote is not there. */
async function expectReleased(db: MemDB): Promise<void> {
  await Promise.resolve();
  db.update((batch) => batch.put(Key.of('after'), ''), { timeoutMs: 0 });
  expect(db.view((batch) => batch.has(k))).toBe(false);
  expect(db.stats()).toMatchObject({ openBatches: 0, openSnapshots: 0 });
}

describeEngines('a time limit of a script leaves nothing held if it stops', (open) => {
  it('an update', async () => {
    const db = open();
    stop(() =>
      db.update((batch) => {
        batch.put(k, 'never committed');
        forever();
      }),
    );
    await expectReleased(db);
  });

  it('a view', async () => {
    const db = open();
    stop(() => db.view(forever));
    await expectReleased(db);
  });

  it('a forEach, in a view and in a batch', async () => {
    const db = open();
    db.update((batch) => batch.put(Key.of('other'), ''));
    stop(() => db.view((batch) => batch.forEach(forever)));
    const batch = db.begin();
    stop(() => batch.forEach(forever));
    await Promise.resolve();
    expect(db.stats()).toMatchObject({ openBatches: 1, openSnapshots: 1 });
    batch.discard();
    await expectReleased(db);
  });

  it('an update with nested batches', async () => {
    const db = open();
    stop(() =>
      db.update((batch) => {
        batch.begin(null, true).begin(null, true).put(k, 'never committed');
        forever();
      }),
    );
    await expectReleased(db);
  });

  it('a view inside an update that goes on', async () => {
    const db = open();
    const other = open();
    db.update((batch) => {
      stop(() => db.view(forever));
      stop(() => other.update(forever));
      batch.put(Key.of('written'), '');
    });
    expect(db.view((batch) => batch.has(Key.of('written')))).toBe(true);
    await expectReleased(db);
    await expectReleased(other);
  });

  it('an update, whatever the moment, again and again', async () => {
    const db = open();
    for (let n = 0; n < 10; n++) {
      stop(() => db.update((batch) => batch.put(k, 'value')), 'for (;;) use()');
      await Promise.resolve();
      db.update((batch) => batch.delete(k), { timeoutMs: 0 });
    }
    await expectReleased(db);
  });

  it('a commit, so that the next one need not wait for another task', () => {
    const db = open();
    const commit = () => {
      const batch = db.begin(null, true);
      for (let n = 0; n < 50; n++) batch.put(Key.of('many', n), 'value');
      batch.commit();
    };
    for (let n = 0; n < 10; n++) {
      stop(commit, 'for (;;) use()');
      commit();
      db.update((batch) => batch.delete(k), { timeoutMs: 0 });
      expect(db.stats().entries).toBe(50);
    }
  });

  it('an update of a thread that then sleeps', async () => {
    const db = open();
    const worker = new Worker(new URL('./support/stopped.mjs', import.meta.url), {
      workerData: db.handle,
    });
    await once(worker, 'message');
    db.update((batch) => batch.delete(k), { timeoutMs: 1_000 });
    await worker.terminate();
    await expectReleased(db);
  });
});

describeEngines('an exit inside an update', (open) => {
  it('lets the exit handlers of the thread update', async () => {
    const db = open();
    const worker = new Worker(new URL('./support/exiting.mjs', import.meta.url), {
      workerData: db.handle,
    });
    await once(worker, 'exit');
    expect(db.view((batch) => batch.get(Key.of('at exit')).toString())).toBe('written');
    await expectReleased(db);
  });
});
