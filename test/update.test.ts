import {
  type Batch,
  BatchClosedError,
  Key,
  NestedUpdateError,
  ReadOnlyBatchError,
} from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';
import { contents, fill } from './support/variants.js';

const k = Key.of('k');

describeEngines('update and view', (open) => {
  describe('update', () => {
    it('commits when the function returns, and returns its result', () => {
      const db = open();
      const answer = { any: 'thing' };
      expect(
        db.update((batch) => {
          batch.put(k, 'value');
          return answer;
        }),
      ).toBe(answer);
      expect(contents(db.begin())).toEqual(['k=value']);
    });

    it('discards when the function throws, and passes the error on', () => {
      const db = open();
      for (const thrown of [new Error('mine'), 'text', null, undefined]) {
        let caught: unknown = 'nothing';
        try {
          db.update((batch) => {
            batch.put(k, 'lost');
            throw thrown;
          });
        } catch (error) {
          caught = error;
        }
        expect(caught).toBe(thrown);
      }
      expect(contents(db.begin())).toEqual([]);
      expect(db.stats().openBatches).toBe(1);
      db.update((batch) => batch.put(k, 'not locked'));
    });

    it('closes its batch', () => {
      const db = open();
      const batch = db.update((batch) => batch);
      expect(() => batch.has(k)).toThrow(BatchClosedError);
      batch.discard();
    });

    it('commits what nested batches committed, not what they left open', () => {
      const db = open();
      db.update((batch) => {
        const child = batch.begin(Key.of('p'), true);
        child.put(k, 'kept');
        child.commit();
        batch.begin(Key.of('q'), true).put(k, 'lost');
      });
      expect(contents(db.begin())).toEqual(['p.k=kept']);
    });

    it('reads the newest version', () => {
      const db = open();
      fill(db, [[k, 'newest']]);
      expect(db.update((batch) => batch.get(k).toString())).toBe('newest');
    });

    it.each<[string, () => unknown]>([
      ['an async function', async () => {}],
      ['a resolved promise', () => Promise.resolve(1)],
      // biome-ignore lint/suspicious/noThenProperty: the test is about an object that has one
      ['a thenable', () => ({ then() {} })],
    ])('refuses %s, and nothing is committed', (_, end) => {
      const db = open();
      expect(() =>
        db.update((batch) => {
          batch.put(k, 'lost');
          return end();
        }),
      ).toThrow(TypeError);
      expect(contents(db.begin())).toEqual([]);
      db.update((batch) => batch.put(k, 'not locked'));
    });

    it('refuses a rejected promise, and never leaves it unhandled', async () => {
      const db = open();
      let unhandled = 0;
      const count = () => unhandled++;
      process.on('unhandledRejection', count);
      try {
        const fn = (async () => {
          throw new Error('rejected');
        }) as () => never;
        expect(() => db.update(fn)).toThrow(TypeError);
        expect(() => db.view(fn)).toThrow(TypeError);
        await new Promise((resolve) => setTimeout(resolve, 20));
        expect(unhandled).toBe(0);
      } finally {
        process.off('unhandledRejection', count);
      }
    });

    it('refuses an argument that is not a function', () => {
      const db = open();
      for (const fn of [undefined, null, 1, {}]) {
        expect(() => db.update(fn as unknown as () => void)).toThrow(TypeError);
        expect(() => db.view(fn as unknown as () => void)).toThrow(TypeError);
      }
      db.update(() => {});
    });
  });

  describe('inside an update', () => {
    it('another update of the same database is a NestedUpdateError', () => {
      const db = open();
      db.update((batch) => {
        batch.put(k, 'kept');
        expect(() => db.update(() => expect.unreachable())).toThrow(NestedUpdateError);
      });
      expect(contents(db.begin())).toEqual(['k=kept']);
    });

    it('a commit to it is one, too, and the batch stays open', () => {
      const db = open();
      const other = db.begin(null, true);
      other.put(Key.of('other'), 'later');
      db.update((batch) => {
        expect(() => other.commit()).toThrow(NestedUpdateError);
        expect(other.get(Key.of('other')).toString()).toBe('later');
        batch.put(k, 'first');
      });
      other.commit();
      expect(contents(db.begin())).toEqual(['k=first', 'other=later']);
    });

    it('reads, nested commits and discards work as usual', () => {
      const db = open();
      const outside = db.begin(null, true);
      const nested = outside.begin(null, true);
      nested.put(k, 'nested');
      db.update(() => {
        expect(db.view((batch) => batch.has(k))).toBe(false);
        db.begin().commit();
        nested.commit();
        expect(outside.get(k).toString()).toBe('nested');
        outside.discard();
      });
    });

    it('another database can be updated', () => {
      const [db, other] = [open(), open()];
      db.update((batch) => {
        other.update((inner) => inner.put(k, 'inner'));
        batch.put(k, 'outer');
      });
      expect(contents(db.begin())).toEqual(['k=outer']);
      expect(contents(other.begin())).toEqual(['k=inner']);
    });

    it('an update that failed never breaks the next one', () => {
      const db = open();
      expect(() => db.update(() => db.update(() => {}))).toThrow(NestedUpdateError);
      db.update((batch) => batch.put(k, 'works'));
      expect(contents(db.begin())).toEqual(['k=works']);
    });
  });

  describe('view', () => {
    it('returns the result of the function, and closes its batch', () => {
      const db = open();
      fill(db, [[k, 'value']]);
      expect(db.view((batch) => batch.get(k).toString())).toBe('value');
      const batch = db.view((batch) => batch);
      expect(() => batch.has(k)).toThrow(BatchClosedError);
      expect(db.stats().openBatches).toBe(0);
    });

    it('is read-only', () => {
      const db = open();
      expect(() => db.view((batch) => (batch as Batch).put(k, ''))).toThrow(ReadOnlyBatchError);
    });

    it('closes its batch when the function throws', () => {
      const db = open();
      const mine = new Error('mine');
      expect(() =>
        db.view(() => {
          throw mine;
        }),
      ).toThrow(mine);
      expect(db.stats().openBatches).toBe(0);
    });

    it('refuses a promise', () => {
      expect(() => open().view((async () => {}) as () => never)).toThrow(TypeError);
    });

    it('can contain an update', () => {
      const db = open();
      db.view((batch) => {
        db.update((update) => update.put(k, 'new'));
        expect(batch.has(k)).toBe(false);
      });
      expect(contents(db.begin())).toEqual(['k=new']);
    });
  });
});
