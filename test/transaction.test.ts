import { setTimeout as sleep } from 'node:timers/promises';
import { type Batch, ConflictError, DatabaseClosedError, Key, type MemDB } from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';

const K = Key.of('k');

const read = (b: Batch, key = K) => Number(b.tryGet(key) ?? 0);
const increment = (b: Batch) => b.put(K, String(read(b) + 1));
const total = (db: MemDB) => db.view((b) => Number(b.tryGet(K) ?? 0));

describeEngines('transaction', (open) => {
  it('commits what a plain function or an async one has written, and returns its result', async () => {
    const db = open();
    expect(await db.transaction((b) => increment(b))).toBe(undefined);
    const result = await db.transaction(async (b) => {
      const before = read(b);
      await sleep(1);
      b.put(K, String(before + 1));
      return before;
    });
    expect([result, total(db)]).toEqual([1, 2]);
    expect(db.stats()).toMatchObject({ openBatches: 0, commits: 2 });
  });

  it('runs the function again after a conflict', async () => {
    const db = open();
    let runs = 0;
    await db.transaction(async (b) => {
      const before = read(b);
      await sleep(1);
      if (++runs < 4) db.update(increment);
      b.put(K, String(before + 1));
    });
    expect([runs, total(db)]).toEqual([4, 4]);
  });

  it('commits nothing if the function throws, and does not run it again', async () => {
    const db = open();
    const error = new ConflictError([]);
    for (const fails of [
      () => {
        throw error;
      },
      () => Promise.reject(error),
    ]) {
      const run = db.transaction((b) => {
        increment(b);
        return fails();
      });
      await expect(run).rejects.toBe(error);
    }
    expect(db.stats()).toMatchObject({ openBatches: 0, commits: 0 });
  });

  it('rejects with the last conflict once the time is over', async () => {
    const db = open();
    let runs = 0;
    const run = (timeoutMs: number) =>
      db.transaction(
        async (b) => {
          runs++;
          read(b);
          await sleep(1);
          db.update(increment);
        },
        { timeoutMs },
      );
    await expect(run(0)).rejects.toThrow(ConflictError);
    expect(runs).toBe(1);
    await expect(run(50)).rejects.toMatchObject({ code: 'ERR_CONFLICT', keys: [K] });
    expect(runs).toBeGreaterThan(2);
    expect(db.stats().openBatches).toBe(0);
  });

  it('rejects with the reason of its signal as soon as that aborts', async () => {
    const db = open();
    const reason = new Error('no longer needed');
    await expect(db.transaction(increment, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    const controller = new AbortController();
    let late: Promise<void> | undefined;
    const run = db.transaction(
      (b) => {
        late = sleep(50).then(() => increment(b));
        return late;
      },
      { signal: controller.signal },
    );
    controller.abort(reason);
    await expect(run).rejects.toBe(reason);
    expect(db.stats().openBatches).toBe(0);
    await expect(late).rejects.toThrow('the batch was discarded');
    // Between two runs.
    const other = new AbortController();
    const again = db.transaction(
      async (b) => {
        read(b);
        await sleep(1);
        db.update(increment);
        if (total(db) === 5) other.abort(reason);
      },
      { signal: other.signal },
    );
    await expect(again).rejects.toBe(reason);
    expect(db.stats()).toMatchObject({ openBatches: 0, commits: 5 });
    // That of a library may have no more than these.
    const plain = { aborted: false, addEventListener: () => {}, removeEventListener: () => {} };
    await db.transaction(increment, { signal: plain as unknown as AbortSignal });
    expect(db.version).toBe(6);
  });

  it('may be aborted by its own function, which then throws or returns', async () => {
    const db = open();
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', note);
    const reason = new Error('stop');
    const error = new Error('no');
    for (const end of [
      () => {
        throw error;
      },
      () => 'done',
    ]) {
      const controller = new AbortController();
      const run = db.transaction(
        (b) => {
          increment(b);
          controller.abort(reason);
          return end();
        },
        { signal: controller.signal },
      );
      await expect(run).rejects.toThrow(/^(no|stop)$/);
    }
    await sleep(5);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
    expect(db.stats()).toMatchObject({ openBatches: 0, commits: 0 });
  });

  it('takes a signal that has no more than `aborted`, `reason` and events', async () => {
    const db = open();
    const reason = new Error('stop');
    const signal = Object.assign(new EventTarget(), { aborted: false, reason });
    await db.transaction(increment, { signal: signal as never });
    expect(total(db)).toBe(1);
    signal.aborted = true;
    await expect(db.transaction(increment, { signal: signal as never })).rejects.toBe(reason);
  });

  it('can begin in an update, and commits after it', async () => {
    const db = open();
    let run: Promise<void> | undefined;
    db.update((b) => {
      run = db.transaction(increment);
      increment(b);
    });
    await run;
    expect(total(db)).toBe(2);
  });

  it('is rejected if the database is closed meanwhile', async () => {
    const db = open();
    const run = db.transaction(async (b) => {
      increment(b);
      await sleep(1);
      db.close();
    });
    await expect(run).rejects.toThrow(DatabaseClosedError);
    await expect(db.transaction(increment)).rejects.toThrow(DatabaseClosedError);
  });

  it('refuses what is no function, and options that it does not have', async () => {
    const db = open();
    await expect(db.transaction(7 as never)).rejects.toThrow(TypeError);
    for (const options of [
      { timeoutMs: -1 },
      { timeoutMs: 'soon' },
      { signal: 'stop' },
      { retries: 3 },
      null,
    ] as unknown[]) {
      await expect(db.transaction(increment, options as object)).rejects.toThrow(TypeError);
    }
    expect(db.stats().openBatches).toBe(0);
  });

  it('lets 1,000 that conflict on one key all through', async () => {
    const db = open();
    let runs = 0;
    const all = Array.from({ length: 1_000 }, () =>
      db.transaction(async (b) => {
        runs++;
        const before = read(b);
        await sleep(Math.random() * 3);
        b.put(K, String(before + 1));
      }),
    );
    await Promise.all(all);
    console.log(`transaction (${db.engine}): ${runs - 1_000} retries of 1,000 conflicting ones`);
    expect(total(db)).toBe(1_000);
  }, 60_000);
});

describe('the classes of errors', () => {
  it('have a conflict without keys', () => {
    expect(new ConflictError([]).message).toContain('iterated');
    expect(JSON.parse(JSON.stringify(new ConflictError([K])))).toMatchObject({
      code: 'ERR_CONFLICT',
    });
  });
});
