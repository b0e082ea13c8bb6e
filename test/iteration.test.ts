import { type Batch, BatchClosedError, DatabaseClosedError, Key, uint } from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';
import { contents, describeBatches, fill } from './support/variants.js';

const key = (i: number) => Key.of('n', uint(i));
const numbered = (count: number, text: string) =>
  Array.from({ length: count }, (_, i) => [key(i), text] as const);
const values = (batch: Batch) => new Set(Array.from(batch, ([, value]) => value.toString()));

describeEngines('iteration', (open) => {
  describeBatches((begin) => {
    it('shows every pair exactly once, however many there are', () => {
      const db = open();
      fill(db, numbered(10_000, 'committed'));
      const batch = begin(db, null, true);
      for (let i = 0; i < 3_000; i++) batch.put(key(i), 'own');
      for (let i = 9_000; i < 10_000; i++) batch.delete(key(i));
      for (let i = 20_000; i < 20_500; i++) batch.put(key(i), 'new');
      const seen = new Map<string, string>();
      batch.forEach((found, value) => {
        expect(seen.has(found.toString())).toBe(false);
        seen.set(found.toString(), value.toString());
      });
      expect(seen.size).toBe(9_500);
      for (let i = 0; i < 20_500; i++) {
        const own = i < 3_000 ? 'own' : i < 9_000 ? 'committed' : i < 20_000 ? undefined : 'new';
        expect(seen.get(`n.${i}`)).toBe(own);
      }
    });

    it('has three forms, which show the same', () => {
      const batch = begin(open(), null, true);
      for (const [k, value] of numbered(10, 'x')) batch.put(k, value);
      const forms: string[][] = [[], [], []];
      batch.forEach((k, value) => void forms[0]?.push(`${k}=${value}`));
      for (const [k, value] of batch.entries()) forms[1]?.push(`${k}=${value}`);
      for (const [k, value] of batch) forms[2]?.push(`${k}=${value}`);
      expect(forms[0]).toHaveLength(10);
      expect(forms[1]?.sort()).toEqual(forms[0]?.sort());
      expect(forms[2]?.sort()).toEqual(forms[0]);
    });

    it('over nothing shows nothing', () => {
      const batch = begin(open(), null, true);
      expect([...batch]).toEqual([]);
      batch.put(key(1), '');
      batch.delete(key(1));
      expect([...batch]).toEqual([]);
    });

    it('shows the state at its start, whatever is written meanwhile', () => {
      const db = open();
      fill(db, numbered(3_000, 'old'));
      const batch = begin(db, null, true);
      batch.put(key(5_000), 'old');
      let count = 0;
      batch.forEach((found, value) => {
        expect(value.toString()).toBe('old');
        batch.put(found, 'new');
        batch.delete(key(count));
        batch.put(key(10_000 + count), 'new');
        count++;
      });
      expect(count).toBe(3_001);
      expect([...values(batch)].sort()).toEqual(['new']);
    });

    it('may be left in the middle, and run twice at once', () => {
      const db = open();
      fill(db, numbered(2_000, 'x'));
      const batch = begin(db);
      const [one, two] = [batch.entries(), batch.entries()];
      for (let i = 0; i < 700; i++) {
        expect(one.next().value?.[0].equals(two.next().value?.[0] as Key)).toBe(true);
      }
      one.return?.();
      expect(one.next().done).toBe(true);
      expect([...two]).toHaveLength(1_300);
      for (const _ of batch) break;
    });

    it('passes on what the callback throws, and can be run again', () => {
      const db = open();
      fill(db, numbered(100, 'x'));
      const batch = begin(db);
      const mine = new Error('mine');
      expect(() =>
        batch.forEach(() => {
          throw mine;
        }),
      ).toThrow(mine);
      expect(contents(batch)).toHaveLength(100);
    });

    it.each(['commit', 'discard'] as const)('goes on after %s of the batch', (end) => {
      const db = open();
      fill(db, numbered(2_000, 'x'));
      const batch = begin(db, null, true);
      batch.put(key(2_000), 'own');
      let count = 0;
      batch.forEach(() => {
        if (count++ === 0) batch[end]();
      });
      expect(count).toBe(2_001);
      expect(() => batch.entries().next()).toThrow(BatchClosedError);
      expect(() => batch.forEach(() => {})).toThrow(BatchClosedError);
    });
  });

  it('may use other batches and databases meanwhile', () => {
    const [db, other] = [open(), open()];
    fill(db, numbered(1_500, 'x'));
    const copy = other.begin(null, true);
    db.begin().forEach((found, value) => {
      copy.put(found, value);
      db.update((batch) => batch.delete(found));
    });
    copy.commit();
    expect(db.stats().entries).toBe(0);
    expect(other.stats().entries).toBe(1_500);
  });

  it('may run inside an iteration', () => {
    const db = open();
    fill(db, numbered(40, 'x'));
    let count = 0;
    const batch = db.begin();
    for (const _ of batch) for (const _ of batch) count++;
    expect(count).toBe(1_600);
  });

  it('keeps its version while it runs, and releases it at the end', () => {
    const db = open();
    fill(db, numbered(2_000, 'old'));
    const batch = db.begin();
    const iteration = batch.entries();
    iteration.next();
    batch.discard();
    expect(db.stats().openSnapshots).toBe(1);
    fill(db, numbered(2_000, 'new'));
    const seen = new Set(Array.from(iteration, ([, value]) => value.toString()));
    expect([...seen]).toEqual(['old']);
    expect(db.stats().openSnapshots).toBe(0);
  });

  it('releases its version when it is left', () => {
    const db = open();
    fill(db, numbered(2_000, 'x'));
    const batch = db.begin();
    for (const _ of batch) {
      batch.discard();
      break;
    }
    expect(() => batch.forEach(() => void expect.unreachable())).toThrow(BatchClosedError);
    expect(db.stats().openSnapshots).toBe(0);
  });

  describe('if the database is closed meanwhile', () => {
    it('throws at the next step', () => {
      const db = open();
      fill(db, numbered(2_000, 'x'));
      const iteration = db.begin().entries();
      iteration.next();
      db.close();
      expect(() => iteration.next()).toThrow(DatabaseClosedError);
    });

    it('throws from forEach', () => {
      const db = open();
      fill(db, numbered(10, 'x'));
      let count = 0;
      expect(() =>
        db.begin().forEach(() => {
          count++;
          db.close();
        }),
      ).toThrow(DatabaseClosedError);
      expect(count).toBe(1);
    });
  });

  it('shows keys and values larger than any buffer', () => {
    const db = open();
    const large = Buffer.alloc(1_000_000, 7);
    const wide = Key.of('wide', Buffer.alloc(300_000, 8));
    fill(db, [[wide, large], ...numbered(100, 'small')]);
    const found = [...db.begin()].find(([k]) => k.equals(wide));
    expect(found?.[1].equals(large)).toBe(true);
    expect([...db.begin()]).toHaveLength(101);
  });
});
