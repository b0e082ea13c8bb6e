import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { createContext, runInContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import type { MemDB } from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { describeEngines, LONG } from './support/engines.js';
import { Random, runSeed } from './support/random.js';
import { ACCOUNTS, countKey, fill, operations, START, TOGETHER } from './support/stops.mjs';

const random = new Random(runSeed('stops.test.ts'));
/** How many threads are terminated and how many calls are cut short, for each engine. */
const TERMINATIONS = LONG ? 20_000 : 20;
const LIMITS = LONG ? 20_000 : 150;
/** So many threads run at a time. */
const THREADS = 3;
const DAY = 86_400_000;

/** That each commit is there whole, the lock is free, and a thread's count is what it acknowledged, or one more. */
function expectOrder(db: MemDB, thread: number, acknowledged: number): number {
  db.update((batch) => batch.put(countKey(0), ''), { timeoutMs: 1_000 });
  return db.view((batch) => {
    const sum = batch.getMany(ACCOUNTS).reduce((total, value) => total + Number(value), 0);
    expect(sum).toBe(START * ACCOUNTS.length);
    const together = new Set(batch.getMany(TOGETHER).map(String));
    expect([...together]).toHaveLength(1);
    expect([...together][0]).not.toBe('never committed');
    const count = Number(batch.tryGet(countKey(thread)) ?? 0);
    expect([acknowledged, acknowledged + 1]).toContain(count);
    return count;
  });
}

/** That nobody holds anything, and that memory has not grown by more than pieces of a size that others need. */
async function expectReleased(db: MemDB, heldBefore: number): Promise<void> {
  for (let n = 0; n < 400 && db.stats().superseded > 0; n++) await sleep(5);
  expect(db.stats()).toMatchObject({ openBatches: 0, openSnapshots: 0, superseded: 0 });
  expect(db.stats().threads).toHaveLength(1);
  expect(db.stats().heldBytes).toBeLessThan(heldBefore * 1.5 + 4_000_000);
}

describeEngines('no commit is lost or halved, nothing stays held and memory stays flat', (open) => {
  it(
    `if threads are terminated at random moments, ${TERMINATIONS} times`,
    async () => {
      const db = open();
      fill(db);
      let held = 0;
      let ended = 0;
      const live = async (first: number) => {
        for (let thread = first; thread <= TERMINATIONS; thread += THREADS) {
          const shared = new SharedArrayBuffer(8);
          const words = new Int32Array(shared);
          const worker = new Worker(new URL('./support/stopping.mjs', import.meta.url), {
            workerData: { handle: db.handle, thread, shared },
          });
          const failed = new Promise((_, reject) => worker.once('error', reject));
          await Promise.race([Atomics.waitAsync(words, 0, 0).value, failed]);
          await Promise.race([sleep(random.below(12)), failed]);
          await worker.terminate();
          expectOrder(db, thread, words[1] as number);
          db.update((batch) => batch.delete(countKey(thread)));
          if (++ended === Math.floor(TERMINATIONS / 4)) held = db.stats().heldBytes;
        }
      };
      await Promise.all(Array.from({ length: THREADS }, (_, n) => live(n + 1)));
      await expectReleased(db, held);
    },
    DAY,
  );

  it(
    `if a time limit cuts calls short in a thread that lives on, ${LIMITS} times`,
    async () => {
      const db = open();
      fill(db);
      let acknowledged = 0;
      const use = operations(db, 1, (n: number) => {
        acknowledged = n;
      });
      const context = createContext({ use: Object.values(use) });
      const code = 'for (;;) use[Math.floor(Math.random() * use.length)]()';
      let held = 0;
      for (let n = 0; n < LIMITS; n++) {
        const timeout = random.between(1, 20);
        expect(() => runInContext(code, context, { timeout })).toThrow(/timed out/);
        // A batch of `begin` stays until it is discarded, or its database closed: here it never began or ended.
        await turn();
        acknowledged = expectOrder(db, 1, acknowledged);
        if (n === LIMITS >> 2) held = db.stats().heldBytes;
      }
      expect(db.stats().heldBytes).toBeLessThan(held * 1.5 + 4_000_000);
    },
    DAY,
  );
});
