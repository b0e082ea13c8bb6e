import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Key, MemDB, uint } from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';
import { Memory } from '../../dist/lib/engine/fallback/memory.js';

const COUNT = 12;
const block = Buffer.alloc(20_000, 7);

function fill(db: MemDB, name: string): void {
  db.update((batch) => {
    for (let i = 0; i < COUNT; i++) batch.put(Key.of(name, uint(i)), block);
  });
}

function expectFilled(db: MemDB, name: string): void {
  db.view((batch) => {
    for (let i = 0; i < COUNT; i++)
      expect(batch.get(Key.of(name, uint(i))).equals(block)).toBe(true);
  });
}

/** Starts a thread that ends, by termination, right after it has made the buffer larger. */
async function dieGrowing(db: MemDB): Promise<void> {
  const worker = new Worker(new URL('./grower.mjs', import.meta.url), { workerData: db.handle });
  await once(worker, 'message');
  await worker.terminate();
}

describe('after a thread died while it made the memory larger', () => {
  it('older and newer threads read what the others commit', async () => {
    const older = new MemDB({ engine: 'fallback' });
    older.update((batch) => batch.put(Key.of('k'), 'v'));
    await dieGrowing(older);
    expect(older.stats().heldBytes).toBe(older.handle.byteLength);

    const newer = new Worker(new URL('./filler.mjs', import.meta.url), {
      workerData: older.handle,
    });
    await once(newer, 'message');
    expect(older.view((batch) => batch.get(Key.of('k')).toString())).toBe('v');
    expectFilled(older, 'newer');
    fill(older, 'older');
    expectFilled(older, 'older');
    expectFilled(older, 'newer');

    newer.postMessage('read');
    expect((await once(newer, 'message'))[0]).toBe(COUNT * block.length);
    await newer.terminate();
    older.close();
  });

  it('an old view of the memory grows to the length of the buffer, whoever made it longer', () => {
    const memory = Memory.create(Number.POSITIVE_INFINITY) as Memory;
    const other = Memory.of(memory.buffer) as Memory;
    const { length } = memory.bytes;
    other.buffer.grow(length * 2);
    expect(memory.pages).toBe(other.pages);
    memory.reach(length >> 2);
    expect(memory.bytes.length).toBe(length * 2);
  });
});
