import { Key, MemDB } from 'accumulate-memdb';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BeginFlag, Status } from '../../dist/lib/engine/engine.js';
import { Exchange, Word } from '../../dist/lib/engine/exchange.js';
import { createFallback } from '../../dist/lib/engine/fallback/fallback.js';
import { Memory } from '../../dist/lib/engine/fallback/memory.js';

afterEach(() => vi.restoreAllMocks());

describe('getMany', () => {
  it('does not say that it needs less than it does when the values take 2 GiB or more', () => {
    const exchange = new Exchange();
    const engine = createFallback(exchange);
    const batch = engine.begin(engine.create(Number.POSITIVE_INFINITY), BeginFlag.Writable);
    expect(engine.putLarge(batch, 0, new Uint8Array(1), new Uint8Array(2 ** 20))).toBe(Status.Ok);
    for (const count of [2_047, 2_048]) {
      expect(engine.getMany(batch, count)).toBe(Status.NoRoom);
      expect(exchange.words[Word.Needed]).toBe(Math.min(count * 2 ** 20, 2 ** 31 - 1));
    }
  });
});

describe('a call of the engine returns a status and does not throw', () => {
  it('when memory for a new database cannot be allocated', () => {
    const engine = createFallback(new Exchange());
    vi.spyOn(Memory, 'create').mockImplementation(() => {
      throw new RangeError('Array buffer allocation failed');
    });
    expect(engine.create(1)).toBe(Status.Full);
  });

  it('when the handle of a closed database is asked for', () => {
    const engine = createFallback(new Exchange());
    const database = engine.create(1);
    const handle = engine.handle(database);
    new Int32Array(handle)[3] = 1;
    expect(engine.handle(database)).toBe(handle);
    engine.close(database);
    expect(engine.attach(engine.handle(database))).toBe(Status.InvalidHandle);
  });
});

describe('batches nested thousands deep', () => {
  const DEPTH = 20_000;

  function nested(db: MemDB): ReturnType<MemDB['begin']>[] {
    const batches = [db.begin(null, true)];
    while (batches.length < DEPTH)
      batches.push((batches.at(-1) as (typeof batches)[0]).begin(null, true));
    return batches;
  }

  it('are all closed with the outermost', () => {
    const db = new MemDB({ engine: 'fallback' });
    nested(db)[0]?.discard();
    expect(db.stats()).toMatchObject({ openBatches: 0, openSnapshots: 0 });
    db.close();
  });

  it('are all closed with the database', () => {
    const db = new MemDB({ engine: 'fallback' });
    nested(db);
    db.close();
  });

  it('iterate over what all of them see', () => {
    const db = new MemDB({ engine: 'fallback' });
    const batches = nested(db);
    batches[0]?.put(Key.of('outermost'), 'v');
    batches.at(-2)?.put(Key.of('inner'), 'v');
    expect([...(batches.at(-1) ?? [])]).toHaveLength(2);
    db.close();
  });
});
