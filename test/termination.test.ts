import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { threadId } from 'node:worker_threads';
import { Key, type MemDB, uint } from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';
import { busy, expectWhole, filled, KEYS } from './support/busy.js';
import { describeEngines, LONG } from './support/engines.js';
import { Random, runSeed } from './support/random.js';

const seed = runSeed('termination.test.ts');
/** How many busy threads are terminated for each engine. The long form terminates all. */
const CYCLES = LONG ? 500 : 40;
const MINUTES = 60_000;

const ACTIVITIES = ['read', 'write', 'iterate', 'update'] as const;

/** Checks that only this thread holds anything, and that the lock is free. */
async function expectReleased(db: MemDB): Promise<void> {
  db.update((batch) => batch.put(Key.of('after'), ''), { timeoutMs: 5_000 });
  expectWhole(db);
  await sleep(1);
  expect(db.stats()).toMatchObject({
    openBatches: 0,
    openSnapshots: 0,
    threads: [{ threadId, openBatches: 0, openSnapshots: 0 }],
  });
}

/** Returns the bytes that the database holds, and the megabytes of the process. */
function memory(db: MemDB): { held: number; process: number } {
  return { held: db.stats().heldBytes, process: process.memoryUsage.rss() >> 20 };
}

/** Checks that what is held beyond the memory before can be used: it is filled again. */
function expectReusable(db: MemDB, bytes: number): void {
  const { heldBytes } = db.stats();
  const count = Math.floor((bytes * 0.6) / 1_000);
  db.update((batch) => {
    for (let i = 0; i < count; i++) batch.put(Key.of('refill', uint(i)), Buffer.alloc(900));
  });
  expect(db.stats().heldBytes).toBe(heldBytes);
}

async function superseded(db: MemDB): Promise<number> {
  for (let i = 0; i < 200 && db.stats().superseded > 0; i++) await sleep(5);
  return db.stats().superseded;
}

describeEngines('threads that end', (open, engine) => {
  it(
    `by termination, ${CYCLES} times while they are busy, leave nothing behind`,
    async () => {
      const db = filled(open());
      const random = new Random(seed);
      let before = memory(db);
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        const count = random.between(1, 3);
        const running = await Promise.all(
          Array.from({ length: count }, () => busy(db, random.pick(ACTIVITIES))),
        );
        expect(db.stats().threads).toHaveLength(count + 1);
        await sleep(random.below(4));
        await Promise.all(running.map(({ worker }) => worker.terminate()));
        await expectReleased(db);
        if (cycle === Math.min(20, CYCLES >> 1)) {
          await superseded(db);
          before = memory(db);
        }
      }
      expect(await superseded(db)).toBe(0);
      const after = memory(db);
      process.stdout.write(
        `${engine}: ${CYCLES} cycles, ${before.held} bytes held before and ${after.held} after, ` +
          `${before.process} MB in the process before and ${after.process} after\n`,
      );
      // The core cannot use memory of one size for another size, so a few pieces of 64 KiB may differ.
      if (engine === 'fallback') expectReusable(db, after.held - before.held);
      else expect(after.held - before.held).toBeLessThan(8 * 65_536);
      expect(after.process - before.process).toBeLessThan(100);
    },
    10 * MINUTES,
  );

  it('by termination while they wait for the lock never take it along', async () => {
    const db = filled(open());
    for (let cycle = 0; cycle < (LONG ? 50 : 8); cycle++) {
      const running = await busy(db, 'update');
      const ended = db.update((batch) => {
        // The other thread has time to come back and wait.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
        for (const key of KEYS) batch.put(key, 'ours');
        return { promise: running.worker.terminate() };
      });
      await ended.promise;
      await expectReleased(db);
    }
  });

  it.each(['exit', 'throw', 'stop'])(
    'by %s inside their work leave nothing behind',
    async (ending) => {
      const db = filled(open());
      for (const activity of ACTIVITIES) {
        const { exited } = await busy(db, activity, ending);
        await exited;
        await expectReleased(db);
      }
      expect(await superseded(db)).toBe(0);
    },
  );

  it('while others work never disturb them', async () => {
    const db = filled(open());
    const steady = await busy(db, 'update');
    for (let cycle = 0; cycle < 10; cycle++) {
      const { worker } = await busy(db, ACTIVITIES[cycle % 4] as string);
      await worker.terminate();
      const before = Atomics.load(steady.rounds, 0);
      for (let i = 0; i < 500 && Atomics.load(steady.rounds, 0) === before; i++) await sleep(10);
      expect(Atomics.load(steady.rounds, 0)).toBeGreaterThan(before);
      expectWhole(db);
    }
    await steady.worker.terminate();
    await expectReleased(db);
  });

  describe('and were the only ones that loaded the package', () => {
    const script = fileURLToPath(new URL('./support/sole-loader.mjs', import.meta.url));
    const cycles = String(LONG ? 100 : 10);

    it.each(['terminate', 'exit', 'throw', 'stop'])(
      'by %s, leave the process alive',
      async (ending) => {
        const run = promisify(execFile)(process.execPath, [script, engine, ending, cycles]);
        await expect(run).resolves.toMatchObject({ stdout: `lived through ${cycles}\n` });
      },
      5 * MINUTES,
    );
  });
});
