import { BatchClosedError, Key, NotFoundError, ReadOnlyBatchError, uint } from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';
import { contents, describeBatches, fill } from './support/variants.js';

const k1 = Key.of('Account', 'alice', uint(1));
const k2 = Key.of('Account', 'alice', uint(2));

describeEngines('batch', (open) => {
  describeBatches((begin) => {
    it('gets what was committed before it began', () => {
      const db = open();
      fill(db, [[k1, 'one']]);
      const batch = begin(db);
      expect(batch.get(k1).toString()).toBe('one');
      expect(batch.tryGet(k1)?.toString()).toBe('one');
      expect(batch.has(k1)).toBe(true);
    });

    it('gets what it put itself, the last of several values', () => {
      const batch = begin(open(), null, true);
      batch.put(k1, 'one');
      batch.put(k1, 'two');
      expect(batch.get(k1).toString()).toBe('two');
      batch.put(k1, 'a longer value than before');
      expect(batch.get(k1).toString()).toBe('a longer value than before');
      batch.put(k1, '');
      expect(batch.get(k1)).toHaveLength(0);
    });

    it('reports a missing key by NotFoundError, undefined and false', () => {
      const batch = begin(open());
      expect(() => batch.get(k1)).toThrow(NotFoundError);
      expect(batch.tryGet(k1)).toBeUndefined();
      expect(batch.has(k1)).toBe(false);
    });

    it('does not see what it deleted, whoever wrote it', () => {
      const db = open();
      fill(db, [[k1, 'one']]);
      const batch = begin(db, null, true);
      batch.put(k2, 'two');
      batch.delete(k1);
      batch.delete(k2);
      expect(batch.has(k1)).toBe(false);
      expect(batch.tryGet(k2)).toBeUndefined();
      expect(() => batch.get(k1)).toThrow(NotFoundError);
      batch.put(k1, 'again');
      expect(batch.get(k1).toString()).toBe('again');
    });

    it('is writable if the argument is true for JavaScript', () => {
      const db = open();
      for (const writable of [1, 'yes', {}, 0, '', null]) {
        const batch = begin(db, null, writable as unknown as boolean);
        if (writable) batch.put(k1, '');
        else expect(() => batch.put(k1, '')).toThrow(ReadOnlyBatchError);
        batch.commit();
      }
    });

    it('can delete what is not there', () => {
      const batch = begin(open(), null, true);
      batch.delete(k1);
      batch.delete(k1);
      expect(batch.has(k1)).toBe(false);
      batch.commit();
    });

    it('never takes an empty value for a missing one', () => {
      const batch = begin(open(), null, true);
      batch.put(k1, new Uint8Array());
      expect(batch.tryGet(k1)).toHaveLength(0);
      expect(batch.has(k1)).toBe(true);
    });

    it('finds the same key, whether it is new, appended to or reused', () => {
      const batch = begin(open(), null, true);
      batch.put(k1, 'one');
      const kept = Key.of('Account', 'alice', uint(1));
      for (let i = 0; i < 4; i++) {
        expect(batch.get(Key.of('Account', 'alice', uint(1))).toString()).toBe('one');
        expect(batch.get(Key.of('Account').append('alice', uint(1))).toString()).toBe('one');
        expect(batch.get(Key.of('Account').appendKey(Key.of('alice', uint(1)))).toString()).toBe(
          'one',
        );
        expect(batch.get(kept).toString()).toBe('one');
        expect(batch.has(Key.of('Account', 'alice'))).toBe(false);
        expect(batch.has(Key.of('Account', 'alice', uint(1), uint(1)))).toBe(false);
      }
    });

    it('is read-only by default', () => {
      const db = open();
      for (const batch of [begin(db), begin(db, null), begin(db, null, false)]) {
        expect(() => batch.put(k1, 'one')).toThrow(ReadOnlyBatchError);
        expect(() => batch.delete(k1)).toThrow(ReadOnlyBatchError);
        expect(batch.has(k1)).toBe(false);
        batch.commit();
        expect(() => batch.has(k1)).toThrow(BatchClosedError);
      }
    });

    it('holds many keys', () => {
      const batch = begin(open(), null, true);
      for (let i = 0; i < 5_000; i++) batch.put(Key.of('n', uint(i)), `value ${i}`);
      for (let i = 0; i < 5_000; i += 2) batch.delete(Key.of('n', uint(i)));
      expect(contents(batch)).toHaveLength(2_500);
      for (let i = 0; i < 5_000; i++) {
        const expected = i % 2 ? `value ${i}` : undefined;
        expect(batch.tryGet(Key.of('n', uint(i)))?.toString()).toBe(expected);
      }
    });
  });

  describe('commit and discard', () => {
    it('commit makes the writes visible to batches begun later', () => {
      const db = open();
      fill(db, [[k1, 'old']]);
      const batch = db.begin(null, true);
      batch.put(k1, 'new');
      batch.put(k2, 'two');
      expect(contents(db.begin())).toEqual([`${k1}=old`]);
      batch.commit();
      expect(contents(db.begin())).toEqual([`${k1}=new`, `${k2}=two`]);
    });

    it('commits deletions', () => {
      const db = open();
      fill(db, [
        [k1, 'one'],
        [k2, 'two'],
      ]);
      const batch = db.begin(null, true);
      batch.delete(k1);
      batch.commit();
      expect(contents(db.begin())).toEqual([`${k2}=two`]);
    });

    it('discard leaves no trace', () => {
      const db = open();
      fill(db, [[k1, 'old']]);
      const before = db.stats();
      const batch = db.begin(null, true);
      batch.put(k1, 'new');
      batch.put(k2, 'two');
      batch.discard();
      expect(contents(db.begin())).toEqual([`${k1}=old`]);
      expect(db.stats()).toMatchObject({ entries: 1, bytes: before.bytes });
    });

    it('discard is safe at any time and any number of times', () => {
      const db = open();
      const committed = db.begin(null, true);
      committed.commit();
      const discarded = db.begin(null, true);
      for (let i = 0; i < 3; i++) {
        committed.discard();
        discarded.discard();
      }
      const open_ = db.begin();
      db.close();
      open_.discard();
      committed.discard();
    });

    it('each key keeps the value of the last commit', () => {
      const db = open();
      const [first, second] = [db.begin(null, true), db.begin(null, true)];
      first.put(k1, 'first');
      first.put(k2, 'first');
      second.put(k1, 'second');
      second.commit();
      first.commit();
      expect(contents(db.begin())).toEqual([`${k1}=first`, `${k2}=first`]);
    });

    it('a deletion that is committed last wins over a value', () => {
      const db = open();
      const [first, second] = [db.begin(null, true), db.begin(null, true)];
      first.delete(k1);
      second.put(k1, 'second');
      second.commit();
      first.commit();
      expect(contents(db.begin())).toEqual([]);
    });

    it('a batch without writes can be committed', () => {
      const db = open();
      db.begin(null, true).commit();
      db.begin().commit();
      expect(contents(db.begin())).toEqual([]);
    });
  });
});
