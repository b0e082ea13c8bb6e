import { Key, MemDB, uint } from 'accumulate-memdb';
import { expect, it, vi } from 'vitest';
import { describeEngines } from './support/engines.js';

const MEGABYTE = 1_000_000;
const key = (i: number) => Key.of('n', uint(i));
const resident = () => process.memoryUsage.rss();

/** Puts `count` values of a size, in commits of about 5 MB. */
function put(db: MemDB, count: number, size: number): void {
  const value = Buffer.alloc(size, 1);
  const step = Math.ceil((5 * MEGABYTE) / size);
  for (let i = 0; i < count; i += step) {
    db.update((batch) => {
      for (let j = i; j < Math.min(count, i + step); j++) batch.put(key(j), value);
    });
  }
}

/** Deletes all of `count` values but one in `oneIn`. */
function deleteAllBut(db: MemDB, count: number, oneIn: number): void {
  for (let i = 0; i < count; i += 5_000) {
    db.update((batch) => {
      for (let j = i; j < Math.min(count, i + 5_000); j++) if (j % oneIn > 0) batch.delete(key(j));
    });
  }
}

describeEngines('memory', (open, engine) => {
  it.each([
    { count: 100_000, size: 500 },
    { count: 2_500, size: 20_000 },
    { count: 500, size: 100_000 },
  ])('of deleted values of $size bytes is not kept', async ({ count, size }) => {
    const db = open();
    const before = resident();
    put(db, count, size);
    const full = { held: db.stats().heldBytes, resident: resident() - before };
    expect(full.held).toBeGreaterThan(count * size);
    deleteAllBut(db, count, 2_000);
    await vi.waitFor(() => expect(db.stats().superseded).toBe(0), 10_000);
    const left = { held: db.stats().heldBytes, resident: resident() - before };
    process.stdout.write(`${engine}, ${count} x ${size}: ${JSON.stringify({ full, left })}\n`);
    if (engine === 'native') {
      expect(left.held).toBeLessThan(15 * MEGABYTE);
      expect(full.resident - left.resident).toBeGreaterThan(count * size * 0.6);
    } else {
      // The memory of the fallback never shrinks, but values that are put again have room there: without
      // it, the memory would double.
      expect(left.held).toBeLessThanOrEqual(full.held);
      put(db, count, size);
      expect(db.stats().heldBytes).toBeLessThan(full.held * 1.6);
    }
  });

  it.skipIf(engine === 'fallback')('of closed databases is not kept', () => {
    const fill = () => {
      const db = new MemDB({ engine });
      put(db, 100, 25_000);
      return db;
    };
    fill().close();
    const before = resident();
    const databases = Array.from({ length: 40 }, fill);
    const full = resident() - before;
    expect(full).toBeGreaterThan(90 * MEGABYTE);
    for (const db of databases) db.close();
    const left = resident() - before;
    process.stdout.write(`${engine}, 40 databases: ${full} bytes resident, ${left} once closed\n`);
    expect(left).toBeLessThan(20 * MEGABYTE);
  });
});
