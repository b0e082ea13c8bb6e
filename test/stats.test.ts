import { threadId } from 'node:worker_threads';
import { Key, uint } from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';
import { storedSize } from './support/keyspec.js';
import { fill } from './support/variants.js';

const key = (i: number) => Key.of('n', uint(i));

describeEngines('stats', (open, engine) => {
  it('of a new database are all 0, except for the memory held', () => {
    expect(open().stats()).toMatchObject({
      engine,
      entries: 0,
      bytes: 0,
      heldBytes: expect.any(Number),
      openBatches: 0,
      openSnapshots: 0,
      superseded: 0,
      commits: 0,
    });
  });

  it('count entries, and the bytes of keys in binary form and values', () => {
    const db = open();
    fill(db, [
      [key(1), 'x'.repeat(100)],
      [key(300), ''],
    ]);
    const bytes = key(1).encode().length + 100 + key(300).encode().length;
    expect(db.stats()).toMatchObject({ entries: 2, bytes });
    fill(db, [[key(1), 'x'.repeat(40)]]);
    expect(db.stats()).toMatchObject({ entries: 2, bytes: bytes - 60 });
    db.update((batch) => batch.delete(key(1)));
    expect(db.stats()).toMatchObject({ entries: 1, bytes: key(300).encode().length });
    db.update((batch) => batch.delete(key(300)));
    expect(db.stats()).toMatchObject({ entries: 0, bytes: 0 });
  });

  it('count a key without a binary form by its stored form', () => {
    const db = open();
    fill(db, [[Key.fromHash(Buffer.alloc(32, 1)).append('k'), 'value']]);
    const size = storedSize({ base: '01'.repeat(32), parts: [['string', 'k']] });
    expect(db.stats().bytes).toBe(size + 5);
  });

  it('count committed entries and nothing else', () => {
    const db = open();
    const batch = db.begin(null, true);
    batch.put(key(1), 'value');
    const child = batch.begin(null, true);
    child.put(key(2), 'value');
    child.commit();
    expect(db.stats()).toMatchObject({ entries: 0, bytes: 0, commits: 0 });
    batch.commit();
    expect(db.stats()).toMatchObject({ entries: 2, commits: 1 });
  });

  it('count open batches, nested ones too, and the snapshots that they need', () => {
    const db = open();
    fill(db, [[key(1), '']]);
    const one = db.begin();
    const same = db.begin(null, true);
    const nested = same.begin(null, true);
    expect(db.stats()).toMatchObject({ openBatches: 3, openSnapshots: 1 });
    fill(db, [[key(1), '']]);
    const other = db.begin();
    expect(db.stats()).toMatchObject({ openBatches: 4, openSnapshots: 2 });
    one.discard();
    expect(db.stats()).toMatchObject({ openBatches: 3, openSnapshots: 2 });
    nested.commit();
    same.discard();
    expect(db.stats()).toMatchObject({ openBatches: 1, openSnapshots: 1 });
    other.commit();
    expect(db.stats()).toMatchObject({ openBatches: 0, openSnapshots: 0 });
  });

  it('report at least the bytes of the entries as held', () => {
    const db = open();
    for (let i = 0; i < 20; i++) fill(db, [[key(i), 'x'.repeat(100_000)]]);
    const { bytes, heldBytes } = db.stats();
    expect(heldBytes).toBeGreaterThanOrEqual(bytes);
    expect(heldBytes).toBeLessThan(4 * bytes);
  });

  describe('by thread', () => {
    it('report the batches and snapshots of this thread, and the age of the oldest', async () => {
      const db = open();
      const batch = db.begin();
      batch.begin();
      await new Promise((resolve) => setTimeout(resolve, 30));
      const { threads, oldestPinAge } = db.stats();
      expect(threads).toEqual([{ threadId, openBatches: 2, openSnapshots: 1 }]);
      expect(oldestPinAge).toBeGreaterThanOrEqual(25);
      expect(oldestPinAge).toBeLessThan(60_000);
      batch.discard();
      expect(db.stats()).toMatchObject({ oldestPinAge: 0 });
    });
  });
});
