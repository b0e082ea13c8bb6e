import type { Key } from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { busy, KEYS } from './support/busy.js';
import { describeEngines, LONG } from './support/engines.js';
import { Random, runSeed } from './support/random.js';

const SECONDS = LONG ? 60 : 1;
const seed = runSeed('agreement.test.ts');

describeEngines('while another thread puts, deletes and frees a key', (open, engine) => {
  it(
    `all reads of it in one batch agree, for ${SECONDS} s`,
    async () => {
      const db = open();
      const random = new Random(seed);
      const { worker, rounds } = await busy(db, 'flicker');
      const keys = KEYS.slice(0, 20);
      const seen = { present: 0, absent: 0 };
      const end = performance.now() + SECONDS * 1_000;
      while (performance.now() < end) {
        const key = random.pick(keys) as Key;
        for (let n = 0; n < 1_000; n++) {
          const batch = db.begin();
          const here = batch.has(key);
          const again = batch.has(key);
          const value = batch.tryGet(key)?.toString();
          const many = batch.getMany([key])[0]?.toString();
          batch.discard();
          if (again !== here || value !== (here ? 'here' : undefined) || many !== value) {
            expect.fail(`has ${here}, then ${again}; get ${value}; getMany ${many}`);
          }
          seen[here ? 'present' : 'absent']++;
        }
      }
      await worker.terminate();
      expect(Math.min(seen.present, seen.absent, Atomics.load(rounds, 0))).toBeGreaterThan(50);
      process.stdout.write(`${engine}: ${seen.present + seen.absent} batches agreed\n`);
    },
    (SECONDS + 30) * 1_000,
  );
});
