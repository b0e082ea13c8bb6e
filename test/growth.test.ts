import { Key, uint } from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { busy, expectWhole, filled, KEYS } from './support/busy.js';
import { describeEngines, LONG } from './support/engines.js';

const SECONDS = LONG ? 20 : 1;

describeEngines('while another thread makes the database grow', (open) => {
  it('a reader never misses what its batch sees', async () => {
    const db = filled(open({ maxBytes: 200_000_000 }));
    const { worker, rounds } = await busy(db, 'grow');
    const end = performance.now() + SECONDS * 1_000;
    let looks = 0;
    while (performance.now() < end && db.stats().bytes < 150_000_000) {
      expectWhole(db);
      const batch = db.begin();
      const one = batch.get(KEYS[looks % KEYS.length] as Key).toString();
      for (const key of KEYS) expect(batch.tryGet(key)?.toString()).toBe(one);
      batch.discard();
      looks++;
    }
    expect(looks).toBeGreaterThan(5);
    expect(Atomics.load(rounds, 0)).toBeGreaterThan(5);
    await worker.terminate();
  });

  it('an iteration shows each pair once', async () => {
    const db = filled(open({ maxBytes: 200_000_000 }));
    const { worker } = await busy(db, 'grow');
    const end = performance.now() + SECONDS * 1_000;
    while (performance.now() < end && db.stats().bytes < 20_000_000) {
      const seen = new Set<string>();
      let shared: string | undefined;
      db.begin().forEach((key, value) => {
        const text = key.toString();
        if (seen.has(text)) expect.fail(`${text} was shown twice`);
        seen.add(text);
        if (!text.startsWith('shared')) return;
        shared ??= value.toString();
        if (value.toString() !== shared) expect.fail(`${text} is of another version`);
      });
      expect(KEYS.every((key) => seen.has(key.toString()))).toBe(true);
      // The writer commits a hundred keys at a time.
      expect((seen.size - KEYS.length) % 100).toBe(0);
      expect(seen.has(Key.of('new', uint(seen.size - KEYS.length)).toString())).toBe(false);
    }
    await worker.terminate();
  });
});
