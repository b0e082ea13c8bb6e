import { type Batch, BatchClosedError, DatabaseClosedError, Key, MemDB } from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';
import { contents, describeBatches, fill } from './support/variants.js';

const k = Key.of('k');

/** Every use of a batch except discard. */
const USES: readonly (readonly [string, (batch: Batch) => unknown])[] = [
  ['get', (batch) => batch.get(k)],
  ['tryGet', (batch) => batch.tryGet(k)],
  ['has', (batch) => batch.has(k)],
  ['getMany', (batch) => batch.getMany([k])],
  ['getMany (of nothing)', (batch) => batch.getMany([])],
  ['put', (batch) => batch.put(k, '')],
  ['delete', (batch) => batch.delete(k)],
  ['forEach', (batch) => batch.forEach(() => {})],
  ['entries', (batch) => batch.entries().next()],
  ['iteration', (batch) => [...batch]],
  ['begin', (batch) => batch.begin()],
  ['begin (writable)', (batch) => batch.begin(null, true)],
  ['commit', (batch) => batch.commit()],
];

describeEngines('closing', (open) => {
  describeBatches((begin) => {
    describe.each(USES)('%s', (_, use) => {
      it.each(['commit', 'discard'] as const)('throws BatchClosedError after %s', (end) => {
        const db = open();
        fill(db, [[k, 'value']]);
        for (const writable of [true, false]) {
          const batch = begin(db, null, writable);
          batch[end]();
          expect(() => use(batch)).toThrow(BatchClosedError);
          expect(() => use(batch)).not.toThrow(DatabaseClosedError);
          batch.discard();
        }
      });

      it('throws DatabaseClosedError after the database is closed', () => {
        const db = open();
        fill(db, [[k, 'value']]);
        const batches = [begin(db, null, true), begin(db), begin(db, null, true)];
        batches[2]?.discard();
        db.close();
        for (const batch of batches) {
          expect(() => use(batch)).toThrow(DatabaseClosedError);
          expect(() => use(batch)).toThrow(BatchClosedError);
          batch.discard();
        }
      });

      it('throws DatabaseClosedError after the database is closed through another attachment', () => {
        const db = open();
        fill(db, [[k, 'value']]);
        const other = MemDB.attach(db.handle);
        const batches = [begin(other, null, true), begin(other)];
        db.close();
        for (const batch of batches) {
          expect(() => use(batch)).toThrow(DatabaseClosedError);
          batch.discard();
        }
        other.close();
      });
    });
  });

  describe('of the database', () => {
    it('may be done twice', () => {
      const db = open();
      db.close();
      db.close();
      db[Symbol.dispose]();
    });

    it('makes begin return a closed batch', () => {
      const db = open();
      db.close();
      for (const writable of [true, false]) {
        const batch = db.begin(Key.of('p'), writable);
        for (const [, use] of USES) expect(() => use(batch)).toThrow(DatabaseClosedError);
        batch.discard();
      }
    });

    it('makes view and update throw', () => {
      const db = open();
      db.close();
      expect(() => db.view((batch) => batch.has(k))).toThrow(DatabaseClosedError);
      expect(() => db.update((batch) => batch.put(k, ''))).toThrow(DatabaseClosedError);
      expect(() => db.update(() => {})).toThrow(DatabaseClosedError);
    });

    it('inside an update throws, and nothing is committed', () => {
      const db = open();
      expect(() =>
        db.update((batch) => {
          batch.put(k, 'value');
          db.close();
        }),
      ).toThrow(DatabaseClosedError);
      expect(() => db.update(() => {})).toThrow(DatabaseClosedError);
    });
  });

  describe('by disposal', () => {
    it('discards the batch', () => {
      const db = open();
      {
        using batch = db.begin(null, true);
        batch.put(k, 'lost');
      }
      expect(contents(db.begin())).toEqual([]);
      const batch = db.begin(null, true);
      batch[Symbol.dispose]();
      expect(() => batch.has(k)).toThrow(BatchClosedError);
    });

    it('does nothing to a committed batch', () => {
      const db = open();
      {
        using batch = db.begin(null, true);
        batch.put(k, 'kept');
        batch.commit();
      }
      expect(contents(db.begin())).toEqual(['k=kept']);
    });

    it('closes the database', () => {
      const db = open();
      const batch = db.begin();
      {
        using same = db;
        same.update((update) => update.put(k, ''));
      }
      expect(() => batch.has(k)).toThrow(DatabaseClosedError);
    });
  });
});
