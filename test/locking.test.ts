import { threadId } from 'node:worker_threads';
import { Key, LockTimeoutError, type MemDB } from 'accumulate-memdb';
import { afterEach, describe, expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';
import { Thread } from './support/thread.js';

const k = Key.of('k');

describeEngines('the transaction lock', (open) => {
  const threads: Thread[] = [];
  afterEach(async () => {
    await Promise.all(threads.splice(0).map((thread) => thread.end()));
  });
  const start = async (db: MemDB): Promise<Thread> => {
    const thread = await Thread.attached(db);
    threads.push(thread);
    return thread;
  };

  /** Starts a thread that stays inside an update until it is released. */
  async function holder(db: MemDB) {
    const thread = await start(db);
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const held = thread.call('hold', flag.buffer);
    await Atomics.waitAsync(flag, 0, 0).value;
    return {
      thread,
      letGo: async () => {
        Atomics.store(flag, 0, 2);
        Atomics.notify(flag, 0);
        await held;
      },
    };
  }

  it('never loses an update of any thread', async () => {
    const db = open();
    const workers = await Promise.all([1, 2, 3, 4].map(() => start(db)));
    const counting = workers.map((thread) => thread.call('count', 'k', 500));
    for (let i = 0; i < 500; i++) {
      db.update((batch) => batch.put(k, String(Number(batch.tryGet(k) ?? 0) + 1)));
    }
    await Promise.all(counting);
    expect(db.begin().get(k).toString()).toBe('2500');
  });

  describe('while another thread holds it', () => {
    it('a wait ends with an error that names the holder', async () => {
      const db = open();
      const { thread, letGo } = await holder(db);
      for (const timeoutMs of [0, 1, 80]) {
        const began = performance.now();
        let thrown: unknown;
        try {
          db.update(() => expect.unreachable(), { timeoutMs });
        } catch (error) {
          thrown = error;
        }
        const waited = performance.now() - began;
        expect(thrown).toBeInstanceOf(LockTimeoutError);
        expect(thrown).toMatchObject({ code: 'ERR_LOCK_TIMEOUT', holder: thread.threadId });
        expect((thrown as Error).message).toContain(`thread ${thread.threadId}`);
        expect(waited).toBeGreaterThanOrEqual(timeoutMs - 2);
        expect(waited).toBeLessThan(timeoutMs + 2_000);
      }
      await letGo();
      expect(db.update(() => 'free', { timeoutMs: 1_000 })).toBe('free');
    });

    it('the error names the main thread, too', async () => {
      const db = open();
      const thread = await start(db);
      const refused = db.update(() => {
        const ended = new Int32Array(new SharedArrayBuffer(4));
        const call = thread.call('updateWithin', 20, ended.buffer);
        Atomics.wait(ended, 0, 0, 20_000);
        return [call];
      });
      await expect(refused[0]).rejects.toMatchObject({
        code: 'ERR_LOCK_TIMEOUT',
        holder: threadId,
      });
      expect(await thread.call('updateWithin', 1_000)).toBe('done');
    });

    it('readers can begin, read and end', async () => {
      const db = open();
      db.update((batch) => batch.put(k, 'value'));
      const { letGo } = await holder(db);
      expect(db.view((batch) => batch.get(k).toString())).toBe('value');
      const batch = db.begin(null, true);
      batch.put(k, 'own');
      expect([...batch]).toHaveLength(1);
      batch.begin(null, true).commit();
      batch.discard();
      db.begin().commit();
      expect(db.stats().openBatches).toBe(1);
      await letGo();
    });

    it('a commit waits until the lock is free', async () => {
      const db = open();
      const { letGo } = await holder(db);
      const other = await start(db);
      const put = other.call('put', 'k', 'waited');
      await new Promise((resolve) => setTimeout(resolve, 120));
      expect(db.begin().has(k)).toBe(false);
      await letGo();
      await put;
      expect(db.begin().get(k).toString()).toBe('waited');
    });

    it('a transaction waits without blocking the event loop, and no longer than asked', async () => {
      const db = open();
      const { thread, letGo } = await holder(db);
      let turns = 0;
      const timer = setInterval(() => turns++, 5);
      await expect(
        db.transaction((b) => b.put(k, 'late'), { timeoutMs: 200 }),
      ).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT', holder: thread.threadId });
      expect(turns).toBeGreaterThan(5);
      const stopped = AbortSignal.abort('stopped');
      await expect(db.transaction(() => {}, { signal: stopped })).rejects.toBe('stopped');
      const pending = db.transaction((b) => b.put(k, 'in time'));
      await letGo();
      await pending;
      clearInterval(timer);
      expect(db.begin().get(k).toString()).toBe('in time');
      expect(db.stats().commits).toBe(1);
    });

    it('the database can be closed, which ends the waits', async () => {
      const db = open();
      const { letGo } = await holder(db);
      const other = await start(db);
      const put = other.call('put', 'k', 'lost');
      await new Promise((resolve) => setTimeout(resolve, 60));
      db.close();
      await expect(put).rejects.toMatchObject({ code: 'ERR_DATABASE_CLOSED' });
      await expect(letGo()).rejects.toMatchObject({ code: 'ERR_DATABASE_CLOSED' });
    });
  });

  it('an update inside an update in a worker is a NestedUpdateError there', async () => {
    const db = open();
    const thread = await start(db);
    await expect(thread.call('nested')).rejects.toMatchObject({ code: 'ERR_NESTED_UPDATE' });
    expect(await thread.call('updateWithin', 0)).toBe('done');
    expect(db.update(() => 'free', { timeoutMs: 0 })).toBe('free');
  });

  it('refuses a timeout that is not a number of 0 or more', () => {
    const db = open();
    for (const timeoutMs of [-1, Number.NaN, '1', null]) {
      expect(() => db.update(() => {}, { timeoutMs: timeoutMs as number })).toThrow(TypeError);
    }
  });
});
