import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { AccountUrl, Key, uint } from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';

const URLS = ['a.acme', 'b.acme'].map(AccountUrl.parse);
const KEYS = Array.from({ length: 50 }, (_, i) => Key.of('k', URLS[i % 2] as AccountUrl, uint(i)));

describeEngines('if the stack overflows', (open) => {
  it.each(['update', 'commit'])(
    '%s never keeps the lock, and never leaves half a change',
    async (use) => {
      const db = open();
      const worker = new Worker(new URL('./support/overflow.mjs', import.meta.url), {
        workerData: { handle: db.handle, use, rounds: 50 },
        resourceLimits: { stackSizeMb: 0.3 },
      });
      const [{ overflows, others }] = await once(worker, 'message');
      expect(overflows).toBeGreaterThan(50);
      expect(others).toEqual([]);
      const values = new Set(db.view((batch) => batch.getMany(KEYS).map(String)));
      expect(values.size).toBe(1);
      db.update((batch) => batch.put(Key.of('after'), ''), { timeoutMs: 0 });
      // A batch of its own the thread could not discard either.
      if (use === 'update') expect(db.stats()).toMatchObject({ openBatches: 0, openSnapshots: 0 });
      await worker.terminate();
    },
  );
});
