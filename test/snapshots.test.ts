import { setTimeout } from 'node:timers/promises';
import { type Batch, Key, type MemDB, uint } from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';
import { Thread } from './support/thread.js';
import { fill } from './support/variants.js';

const COUNT = 5_000;
const key = (i: number) => Key.of('n', uint(i));
const keys = Array.from({ length: COUNT }, (_, i) => key(i));

function overwrite(db: MemDB, text: string): void {
  fill(
    db,
    keys.map((k) => [k, text] as const),
  );
}

function expectView(batch: Batch, text: string): void {
  expect(new Set(batch.getMany(keys).map(String))).toEqual(new Set([text]));
  let count = 0;
  for (const [, value] of batch) if (value.toString() === text) count++;
  expect(count).toBe(COUNT);
}

/**
 * Waits until nothing more is freed, and returns how many superseded versions are left. A version that
 * nobody can see is freed in bounded steps, when the thread has nothing else to do.
 */
async function settle(db: MemDB): Promise<number> {
  let { superseded } = db.stats();
  for (let idle = 0; idle < 5; ) {
    await setTimeout(10);
    const left = db.stats().superseded;
    idle = left < superseded ? 0 : idle + 1;
    superseded = left;
  }
  return superseded;
}

describeEngines('snapshots', (open) => {
  it('a batch keeps its view while every key is overwritten 10 times', () => {
    const db = open();
    overwrite(db, 'first');
    const batch = db.begin();
    for (let round = 0; round < 10; round++) {
      overwrite(db, `round ${round}`);
      expectView(batch, 'first');
    }
    expectView(db.begin(), 'round 9');
  });

  it('keeps only what an open batch can see, and nothing once it is discarded', async () => {
    const db = open();
    overwrite(db, 'first');
    const batch = db.begin();
    for (let round = 0; round < 10; round++) overwrite(db, `round ${round}`);
    expect(await settle(db)).toBe(COUNT);
    expect(db.stats()).toMatchObject({ entries: COUNT, openSnapshots: 1 });
    expectView(batch, 'first');
    batch.discard();
    expect(await settle(db)).toBe(0);
    expect(db.stats()).toMatchObject({ entries: COUNT, openSnapshots: 0 });
    expectView(db.begin(), 'round 9');
  });

  it.each(['ended', 'closed its attachment'])(
    'frees what a thread held that has %s, even if nobody uses the database',
    async (how) => {
      const db = open();
      overwrite(db, 'first');
      const thread = await Thread.attached(db);
      await thread.call('begin', false);
      overwrite(db, 'second');
      expect(await settle(db)).toBe(COUNT);
      if (how === 'ended') await thread.end();
      else await thread.call('close');
      expect(await settle(db)).toBe(0);
      await thread.end();
    },
  );

  it('frees what a thread let go of that then sleeps in Atomics.wait', async () => {
    const db = open();
    overwrite(db, 'first');
    const thread = await Thread.attached(db);
    await thread.call('begin', false);
    overwrite(db, 'second');
    expect(await settle(db)).toBe(COUNT);
    const words = new Int32Array(new SharedArrayBuffer(4));
    const awake = thread.call('discardAndSleep', words.buffer);
    while (Atomics.load(words, 0) === 0) await setTimeout(1);
    for (let i = 0; i < 3_000 && db.stats().superseded > 0; i++) await setTimeout(10);
    expect(db.stats().superseded).toBe(0);
    expect(Atomics.load(words, 0)).toBe(1);
    Atomics.store(words, 0, 0);
    Atomics.notify(words, 0);
    await awake;
    await thread.end();
  });

  it('keeps one version for each of several open batches', async () => {
    const db = open();
    const batches: Batch[] = [];
    for (let round = 0; round < 6; round++) {
      overwrite(db, `round ${round}`);
      batches.push(db.begin());
    }
    expect(await settle(db)).toBe(5 * COUNT);
    // First from the middle, then the newest, then the oldest.
    for (const [i, left] of [
      [2, 4],
      [5, 4],
      [0, 3],
      [3, 2],
      [1, 1],
      [4, 0],
    ] as const) {
      expectView(batches[i] as Batch, `round ${i}`);
      batches[i]?.discard();
      expect(await settle(db)).toBe(left * COUNT);
    }
  });

  it('keeps a deleted entry as long as a batch sees it, and no longer', async () => {
    const db = open();
    overwrite(db, 'first');
    const batch = db.begin();
    db.update((update) => {
      for (const k of keys) update.delete(k);
    });
    expect(db.stats()).toMatchObject({ entries: 0, bytes: 0 });
    await settle(db);
    expectView(batch, 'first');
    batch.discard();
    expect(await settle(db)).toBe(0);
    expect([...db.begin()]).toEqual([]);
  });

  it('never holds more memory after a thousand overwrites than after a few', async () => {
    const db = open();
    const small = keys.slice(0, 200);
    const write = (round: number) =>
      fill(
        db,
        small.map((k) => [k, `${round}`.padEnd(1_000, 'x')] as const),
      );
    for (let round = 0; round < 20; round++) write(round);
    await settle(db);
    const before = db.stats().heldBytes;
    for (let round = 0; round < 1_000; round++) {
      const reader = db.begin();
      write(round);
      reader.discard();
    }
    await settle(db);
    expect(db.stats().heldBytes).toBeLessThan(2 * before);
  });

  it('frees in bounded steps: discarding the last reader never frees all at once', async () => {
    const db = open();
    overwrite(db, 'first');
    const batch = db.begin();
    overwrite(db, 'second');
    batch.discard();
    expect(db.stats().superseded).toBeGreaterThan(0);
    expect(await settle(db)).toBe(0);
  });
});
