import { BatchClosedError, InvalidKeyError, Key, uint } from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';
import { describeBatches, fill } from './support/variants.js';

const texts = (values: (Uint8Array | undefined)[]) => values.map((value) => value?.toString());

describeEngines('getMany', (open) => {
  describeBatches((begin) => {
    it('returns values in order, and undefined for missing keys', () => {
      const db = open();
      fill(db, [
        [Key.of('a'), '1'],
        [Key.of('b'), '2'],
        [Key.of('e'), ''],
      ]);
      const batch = begin(db, null, true);
      batch.put(Key.of('c'), '3');
      batch.delete(Key.of('b'));
      const keys = ['d', 'c', 'b', 'a', 'e'].map((name) => Key.of(name));
      expect(texts(batch.getMany(keys))).toEqual([undefined, '3', undefined, '1', '']);
    });

    it('takes duplicates, nil keys, empty keys and an empty list', () => {
      const db = open();
      fill(db, [
        [Key.of('a'), '1'],
        [Key.of(), 'empty'],
      ]);
      const batch = begin(db);
      const keys = [Key.of('a'), null, Key.of('a'), Key.of(), undefined, Key.of('a')];
      expect(texts(batch.getMany(keys))).toEqual(['1', 'empty', '1', 'empty', 'empty', '1']);
      expect(batch.getMany([])).toEqual([]);
    });

    it.each([1, 10, 2_047, 2_048, 2_049, 10_000])('returns the values of %i keys', (count) => {
      const db = open();
      const keys = Array.from({ length: count }, (_, i) => Key.of('Element', uint(i)));
      fill(
        db,
        keys.filter((_, i) => i % 3).map((key) => [key, `value of ${key}`] as const),
      );
      const expected = keys.map((key, i) => (i % 3 ? `value of ${key}` : undefined));
      const batch = begin(db);
      expect(texts(batch.getMany(keys))).toEqual(expected);
      // Now the same Key objects know their digests.
      expect(texts(batch.getMany(keys))).toEqual(expected);
    });

    it('returns values that are larger than any buffer, together or alone', () => {
      const batch = begin(open(), null, true);
      const sizes = [10, 70_000, 0, 40_000, 40_000, 1_000_000, 30];
      for (const [i, size] of sizes.entries()) batch.put(Key.of(i), Buffer.alloc(size, i));
      const found = batch.getMany(sizes.map((_, i) => Key.of(i)));
      for (const [i, value] of found.entries()) {
        expect(value?.equals(Buffer.alloc(sizes[i] as number, i))).toBe(true);
      }
    });

    it('takes keys of every shape in one call', () => {
      const batch = begin(open(), null, true);
      const keys = [
        Key.of(...Array.from({ length: 50 }, (_, i) => i)),
        Key.of('x', Buffer.alloc(100_000, 1)),
        Key.fromHash(Buffer.alloc(32, 2)),
        Key.fromHash(Buffer.alloc(32, 2)).append('more'),
        Key.of('Account', uint(7), null),
      ];
      for (const [i, key] of keys.entries()) batch.put(key, `${i}`);
      expect(texts(batch.getMany([...keys, ...keys.reverse()]))).toEqual([...'0123443210']);
    });
  });

  it('applies the prefix to every key', () => {
    const db = open();
    fill(db, [
      [Key.of('p', 'a'), '1'],
      [Key.of('p'), '0'],
      [Key.of('a'), 'wrong'],
    ]);
    expect(texts(db.begin(Key.of('p')).getMany([Key.of('a'), null, Key.of('b')]))).toEqual([
      '1',
      '0',
      undefined,
    ]);
  });

  it('never returns values that overlap', () => {
    const db = open();
    const keys = Array.from({ length: 100 }, (_, i) => Key.of(i));
    fill(
      db,
      keys.map((key, i) => [key, `value ${i}`] as const),
    );
    const batch = db.begin();
    const found = batch.getMany([...keys, ...keys]);
    for (const value of found.slice(0, 100)) value?.fill(0);
    expect(texts(found.slice(100))).toEqual(keys.map((_, i) => `value ${i}`));
    expect(texts(batch.getMany(keys))).toEqual(keys.map((_, i) => `value ${i}`));
  });

  it('throws if a key cannot be hashed, and if the batch is closed', () => {
    const db = open();
    const batch = db.begin();
    expect(() => batch.getMany([Key.of('a'), Key.of(new Date(0))])).toThrow(InvalidKeyError);
    batch.discard();
    expect(() => batch.getMany([Key.of('a')])).toThrow(BatchClosedError);
    expect(() => batch.getMany([])).toThrow(BatchClosedError);
  });
});
