import { type Batch, DatabaseFullError, Key, uint } from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';
import { contents, fill } from './support/variants.js';

const key = (i: number) => Key.of('n', uint(i));
const SIZE = key(0).encode().length + 100;
const value = (text: string) => text.repeat(100);

/** What a failed commit must not change. */
const unchanged = ({
  entries,
  bytes,
  commits,
}: {
  entries: number;
  bytes: number;
  commits: number;
}) => ({
  entries,
  bytes,
  commits,
});

describeEngines('maxBytes', (open) => {
  it('accepts a commit that just fits', () => {
    const db = open({ maxBytes: 10 * SIZE });
    fill(
      db,
      Array.from({ length: 10 }, (_, i) => [key(i), value('x')] as const),
    );
    expect(db.stats()).toMatchObject({ entries: 10, bytes: 10 * SIZE });
  });

  it('refuses one byte more, and changes neither the database nor the batch', () => {
    const db = open({ maxBytes: 10 * SIZE });
    fill(
      db,
      Array.from({ length: 9 }, (_, i) => [key(i), value('x')] as const),
    );
    const before = db.stats();
    const seen = contents(db.begin());
    const batch = db.begin(null, true);
    batch.put(key(0), value('y'));
    batch.delete(key(1));
    batch.put(key(9), value('y'));
    batch.put(key(10), value('y'));
    batch.put(Key.of(1), '');
    const own = contents(batch);
    for (let i = 0; i < 3; i++) expect(() => batch.commit()).toThrow(DatabaseFullError);
    expect(contents(batch)).toEqual(own);
    expect(contents(db.begin())).toEqual(seen);
    expect(unchanged(db.stats())).toEqual(unchanged(before));
    // The batch is still open. With fewer writes it can be committed.
    batch.delete(Key.of(1));
    batch.commit();
    expect(contents(db.begin())).toHaveLength(10);
    expect(db.stats().bytes).toBe(10 * SIZE);
  });

  it('subtracts what the same commit overwrites and deletes', () => {
    const db = open({ maxBytes: 2 * SIZE });
    fill(db, [
      [key(0), value('x')],
      [key(1), value('x')],
    ]);
    db.update((batch) => {
      batch.delete(key(0));
      batch.put(key(1), value('y'));
      batch.put(key(2), value('y'));
    });
    expect(contents(db.begin()).map((text) => text.slice(0, 5))).toEqual(['n.1=y', 'n.2=y']);
  });

  it('never counts superseded versions', () => {
    const db = open({ maxBytes: SIZE });
    fill(db, [[key(0), value('0')]]);
    const readers: Batch[] = [];
    for (let i = 1; i < 10; i++) {
      readers.push(db.begin());
      fill(db, [[key(0), value(`${i}`)]]);
    }
    for (const [i, reader] of readers.entries()) {
      expect(reader.get(key(0)).toString()).toBe(value(`${i}`));
    }
  });

  it('applies to updates: a refused update changes nothing', () => {
    const db = open({ maxBytes: SIZE });
    fill(db, [[key(0), value('x')]]);
    expect(() =>
      db.update((batch) => {
        batch.delete(key(0));
        batch.put(key(1), value('xx'));
      }),
    ).toThrow(DatabaseFullError);
    expect(db.begin().get(key(0)).toString()).toBe(value('x'));
    db.update((batch) => batch.put(key(0), value('y')));
    expect(db.begin().get(key(0)).toString()).toBe(value('y'));
  });

  it('does not apply to writes that are not committed', () => {
    const db = open({ maxBytes: 10 });
    const batch = db.begin(null, true);
    const child = batch.begin(null, true);
    child.put(key(0), value('x'));
    child.commit();
    expect(batch.get(key(0)).toString()).toBe(value('x'));
    expect(() => batch.commit()).toThrow(DatabaseFullError);
    batch.delete(key(0));
    batch.commit();
  });

  it('of 0 accepts only commits without writes', () => {
    const db = open({ maxBytes: 0 });
    db.update((batch) => batch.delete(key(0)));
    expect(() => db.update((batch) => batch.put(null, ''))).toThrow(DatabaseFullError);
    expect(db.stats()).toMatchObject({ entries: 0, bytes: 0 });
  });

  it('is checked when the database is created', () => {
    for (const maxBytes of [-1, Number.NaN, '10', 1n, null]) {
      expect(() => open({ maxBytes: maxBytes as number })).toThrow();
    }
    expect(open({ maxBytes: Number.POSITIVE_INFINITY }).stats().entries).toBe(0);
  });

  it('says what a commit past maxBytes needs', () => {
    const db = open({ maxBytes: 100 });
    const key = Key.of('k');
    const size = key.encode().length;
    const write = (length: number) => db.update((batch) => batch.put(key, Buffer.alloc(length)));
    expect(() => write(140 - size)).toThrow(/^maxBytes is 100, this commit needs 140;/);
    expect(() => write(140 - size)).toThrow(DatabaseFullError);
    write(100 - size);
    expect(db.stats()).toMatchObject({ maxBytes: 100, bytes: 100 });
  });
});
