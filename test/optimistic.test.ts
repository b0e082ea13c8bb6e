import {
  type Batch,
  BatchClosedError,
  ConflictError,
  Key,
  NestedUpdateError,
  uint,
} from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';

const K = Key.of('k');
const L = Key.of('l');

/** What the package itself asks of a batch. */
function readSet(batch: Batch): { digests: Uint8Array[]; scanned: boolean } {
  return (batch as unknown as { readSet(): ReturnType<typeof readSet> }).readSet();
}

describeEngines('optimistic batches', (open) => {
  function start() {
    const db = open();
    const put = (key: Key, value: string) => db.update((b) => b.put(key, value));
    const remove = (key: Key) => db.update((b) => b.delete(key));
    put(K, 'old');
    const begin = () => db.begin(null, true, { optimistic: true });
    return { db, put, remove, begin };
  }

  function conflict(commit: () => void): string[] {
    try {
      commit();
    } catch (error) {
      expect(error).toBeInstanceOf(ConflictError);
      expect(error).toMatchObject({ code: 'ERR_CONFLICT' });
      return (error as ConflictError).keys.map(String);
    }
    throw new Error('the commit succeeded');
  }

  it('commit if nothing that they read has changed', () => {
    const { db, put, begin } = start();
    const batch = begin();
    expect(batch.get(K).toString()).toBe('old');
    expect(batch.has(Key.of('absent'))).toBe(false);
    batch.put(K, 'new');
    put(L, 'unread');
    batch.commit();
    expect(db.view((b) => b.get(K).toString())).toBe('new');
  });

  it.each(['get', 'tryGet', 'has', 'getMany'] as const)('compare what %s has read', (method) => {
    const { db, put, begin } = start();
    const batch = begin();
    if (method === 'getMany') batch.getMany([L, K]);
    else batch[method](K);
    batch.put(L, 'must not be written');
    put(K, 'new');
    expect(conflict(() => batch.commit())).toEqual(['k']);
    expect(db.view((b) => b.has(L))).toBe(false);
    expect(batch.closed).toBe(true);
    expect(() => batch.get(K)).toThrow(BatchClosedError);
    expect(() => batch.commit()).toThrow('discarded after a conflict');
    batch.discard();
    expect(db.stats().openBatches).toBe(0);
  });

  it.each(['forEach', 'entries', 'iterator'] as const)(
    'compare everything after an iteration: %s',
    (method) => {
      const { put, begin } = start();
      const batch = begin();
      if (method === 'forEach') batch.forEach(() => {});
      else if (method === 'entries') batch.entries().return?.();
      else for (const _ of batch) break;
      batch.put(L, 'must not be written');
      put(Key.of('phantom'), '');
      expect(conflict(() => batch.commit())).toEqual([]);
    },
  );

  it('compare an absent key with a put', () => {
    const { put, begin } = start();
    const batch = begin();
    batch.tryGet(L);
    put(L, 'new');
    expect(conflict(() => batch.commit())).toEqual(['l']);
  });

  it('compare an absent key with a put and a delete, whatever was freed since', () => {
    const { db, put, remove, begin } = start();
    const batch = begin();
    batch.tryGet(L);
    for (let n = 0; n < 3; n++) {
      put(L, 'new');
      remove(L);
      // Frees what it can.
      for (let m = 0; m < 100; m++) put(Key.of('other', uint(m)), 'x'.repeat(2000));
      db.stats();
    }
    expect(conflict(() => batch.commit())).toEqual(['l']);
  });

  it('keep no mark of a deletion for longer than they are open', async () => {
    const { db, put, remove, begin } = start();
    const reader = db.begin();
    const first = begin();
    const second = begin();
    first.tryGet(L);
    for (let n = 0; n < 200; n++) {
      put(Key.of('job', uint(n)), 'new');
      remove(Key.of('job', uint(n)));
    }
    expect(db.stats().superseded).toBeGreaterThanOrEqual(200);
    first.commit();
    expect(db.stats().superseded).toBeGreaterThanOrEqual(200);
    second.discard();
    for (let n = 0; n < 100 && db.stats().superseded > 0; n++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    // The plain batch sees none of it.
    expect(db.stats()).toMatchObject({ superseded: 0, openBatches: 1 });
    reader.discard();
  });

  it('compare a value with its deletion, and with the same value put again', () => {
    const { put, remove, begin } = start();
    const first = begin();
    first.get(K);
    remove(K);
    const second = begin();
    second.tryGet(K);
    expect(conflict(() => first.commit())).toEqual(['k']);
    put(K, 'old');
    expect(conflict(() => second.commit())).toEqual(['k']);
    const third = begin();
    third.get(K);
    remove(K);
    put(K, 'old');
    expect(conflict(() => third.commit())).toEqual(['k']);
  });

  it('take an absent key and one deleted before for the same', () => {
    const { remove, begin } = start();
    remove(K);
    remove(K);
    const batch = begin();
    batch.tryGet(K);
    batch.tryGet(L);
    remove(K);
    remove(L);
    batch.put(L, 'written');
    batch.commit();
  });

  it('do not count own writes that they read back, nor what they only wrote', () => {
    const { put, begin } = start();
    const batch = begin();
    batch.put(K, 'own');
    batch.get(K);
    batch.delete(L);
    batch.tryGet(L);
    put(K, 'other');
    put(L, 'other');
    batch.commit();
  });

  it('compare what nested batches have read, also those that were discarded', () => {
    const { put, begin } = start();
    for (const end of ['commit', 'discard'] as const) {
      const batch = begin();
      const nested = batch.begin(null, true);
      const inner = nested.begin(Key.of('p'));
      inner.tryGet(Key.of('q'));
      inner.discard();
      nested[end]();
      put(Key.of('p', 'q'), end);
      expect(conflict(() => batch.commit())).toEqual(['p.q']);
    }
  });

  it('name keys with their prefix, and those that start from a digest', () => {
    const { db, put } = start();
    const based = Key.fromHash(Buffer.alloc(32, 7)).append('x');
    const batch = db.begin(Key.of('p'), true, { optimistic: true });
    batch.tryGet(Key.of('q'));
    put(Key.of('p', 'q'), '1');
    expect(conflict(() => batch.commit())).toEqual(['p.q']);
    const other = db.begin(null, true, { optimistic: true });
    other.tryGet(based);
    put(based, '1');
    expect(conflict(() => other.commit())).toEqual([String(based)]);
  });

  it('find any one of very many keys', () => {
    const { put, begin } = start();
    for (const changed of [0, 7, 8, 9, 31, 32, 33, 9_999]) {
      const batch = begin();
      for (let round = 0; round < 2; round++) {
        for (let n = 0; n < 10_000; n += 50) {
          batch.getMany(Array.from({ length: 50 }, (_, m) => Key.of('n', uint(n + m))));
        }
      }
      expect(readSet(batch).digests).toHaveLength(10_000);
      put(Key.of('n', uint(changed)), 'x');
      expect(conflict(() => batch.commit())).toEqual([`n.${changed}`]);
    }
  });

  it('name at most 16 keys', () => {
    const { db, begin } = start();
    const batch = begin();
    const keys = Array.from({ length: 100 }, (_, n) => Key.of('n', uint(n)));
    batch.getMany(keys);
    db.update((b) => {
      for (const key of keys) b.put(key, '');
    });
    expect(conflict(() => batch.commit())).toHaveLength(16);
  });

  it('know what they read', () => {
    const { begin } = start();
    const batch = begin();
    batch.get(K);
    batch.get(K);
    batch.begin(Key.of('p')).tryGet(L);
    const { digests, scanned } = readSet(batch);
    expect(digests.map((digest) => Buffer.from(digest).toString('hex'))).toEqual(
      [K, Key.of('p', 'l')].map((key) => Buffer.from(key.digest()).toString('hex')),
    );
    expect(scanned).toBe(false);
    batch.entries().return?.();
    expect(readSet(batch).scanned).toBe(true);
    batch.discard();
  });

  it('compare without writes too', () => {
    const { db, put, begin } = start();
    const batch = begin();
    batch.get(K);
    batch.commit();
    const other = begin();
    other.get(K);
    put(K, 'new');
    const { version } = db;
    expect(conflict(() => other.commit())).toEqual(['k']);
    expect(db.version).toBe(version);
  });

  it('do not commit inside an update, and stay open then', () => {
    const { db, begin } = start();
    const batch = begin();
    batch.tryGet(L);
    batch.put(L, '1');
    db.update((b) => {
      b.put(K, 'new');
      expect(() => batch.commit()).toThrow(NestedUpdateError);
    });
    batch.commit();
    expect(db.view((b) => b.has(L))).toBe(true);
  });

  it('can only be writable', () => {
    const { db } = start();
    expect(() => db.begin(null, false, { optimistic: true })).toThrow(TypeError);
    expect(() => db.begin(null, true, { optimist: true } as object)).toThrow(TypeError);
    db.begin(null, false, { optimistic: false }).discard();
  });

  it('close with the database', () => {
    const { db, begin } = start();
    const batch = begin();
    batch.get(K);
    db.close();
    expect(() => batch.commit()).toThrow('the database is closed');
    expect(begin().closed).toBe(true);
  });
});

describeEngines('what a database and a batch say of themselves', (open) => {
  it('is whether they are closed, what version they see, and whether they can be written to', () => {
    const db = open();
    expect([db.closed, db.version]).toEqual([false, 0]);
    const batch = db.begin(null, true);
    const reader = db.begin();
    const nested = batch.begin();
    expect([batch.writable, reader.writable, nested.writable]).toEqual([true, false, false]);
    db.update((b) => b.put(K, ''));
    expect(db.version).toBe(1);
    expect([batch.version, reader.version, nested.version]).toEqual([0, 0, 0]);
    expect(db.begin().version).toBe(1);
    batch.discard();
    expect([batch.closed, nested.closed, reader.closed]).toEqual([true, true, false]);
    expect(() => batch.version).toThrow(BatchClosedError);
    db.close();
    expect([db.closed, reader.closed]).toEqual([true, true]);
    expect(() => db.version).toThrow('the database is closed');
  });
});
