import { Key } from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';
import { contents, fill } from './support/variants.js';

// Each name begins with the anomaly that must not happen.

const a = Key.of('a');
const b = Key.of('b');

describeEngines('isolation: there is no', (open) => {
  it('dirty read: only a batch itself sees its uncommitted writes', () => {
    const db = open();
    fill(db, [[a, 'old']]);
    const writer = db.begin(null, true);
    writer.put(a, 'new');
    writer.put(b, 'new');
    expect(contents(db.begin())).toEqual(['a=old']);
    expect(contents(db.begin(null, true))).toEqual(['a=old']);
    writer.discard();
    expect(contents(db.begin())).toEqual(['a=old']);
  });

  it.each([false, true])('non-repeatable read (writable: %s)', (writable) => {
    const db = open();
    fill(db, [[a, 'old']]);
    const reader = db.begin(null, writable);
    expect(reader.get(a).toString()).toBe('old');
    for (let i = 0; i < 10; i++) fill(db, [[a, `new ${i}`]]);
    expect(reader.get(a).toString()).toBe('old');
    db.update((batch) => batch.delete(a));
    expect(reader.get(a).toString()).toBe('old');
    expect(reader.has(a)).toBe(true);
    expect(reader.getMany([a])[0]?.toString()).toBe('old');
  });

  it('phantom read: no key appears or disappears', () => {
    const db = open();
    fill(db, [[a, 'old']]);
    const reader = db.begin();
    db.update((batch) => {
      batch.delete(a);
      batch.put(b, 'new');
    });
    expect(reader.has(b)).toBe(false);
    expect(contents(reader)).toEqual(['a=old']);
    expect(contents(db.begin())).toEqual(['b=new']);
  });

  it('fractured read: a batch sees all of a commit or nothing of it', () => {
    const db = open();
    const keys = Array.from({ length: 500 }, (_, i) => Key.of('n', i));
    const readers = [];
    for (let round = 0; round < 10; round++) {
      fill(
        db,
        keys.map((key) => [key, `${round}`] as const),
      );
      readers.push(db.begin());
    }
    for (const [round, reader] of readers.entries()) {
      const seen = new Set(reader.getMany(keys).map(String));
      expect([...seen]).toEqual([`${round}`]);
    }
  });

  it('read skew: two keys always come from one version', () => {
    const db = open();
    fill(db, [
      [a, '50'],
      [b, '50'],
    ]);
    const reader = db.begin();
    expect(reader.get(a).toString()).toBe('50');
    fill(db, [
      [a, '25'],
      [b, '75'],
    ]);
    expect(reader.get(b).toString()).toBe('50');
  });

  it('lost update, if programs write by update', () => {
    const db = open();
    for (let i = 0; i < 100; i++) {
      db.update((batch) => batch.put(a, String(Number(batch.tryGet(a) ?? 0) + 1)));
    }
    expect(db.begin().get(a).toString()).toBe('100');
  });

  it('going back: a later batch sees all that an earlier one saw', () => {
    const db = open();
    let last = -1;
    for (let i = 0; i < 50; i++) {
      fill(db, [[a, `${i}`]]);
      const seen = Number(db.begin().get(a));
      expect(seen).toBeGreaterThan(last);
      last = seen;
    }
  });

  it('waiting: a commit goes ahead whatever batches and iterations are open', () => {
    const db = open();
    fill(db, [[a, 'old']]);
    const readers = Array.from({ length: 20 }, (_, i) => db.begin(null, i % 2 === 0));
    const iterations = readers.map((reader) => reader.entries());
    for (const iteration of iterations) iteration.next();
    fill(db, [[a, 'new']]);
    expect(db.begin().get(a).toString()).toBe('new');
    for (const reader of readers) expect(reader.get(a).toString()).toBe('old');
  });

  it('mix-up of the versions that are kept for different batches', () => {
    const db = open();
    const readers = [];
    for (let i = 0; i < 30; i++) {
      fill(db, [[a, `${i}`]]);
      if (i % 3 === 0) db.update((batch) => batch.delete(a));
      readers.push([i % 3 === 0 ? undefined : `${i}`, db.begin()] as const);
    }
    // Discard them in another order than they began in.
    for (const [i, [expected, reader]] of readers.entries()) {
      if (i % 2) reader.discard();
      else expect(reader.tryGet(a)?.toString()).toBe(expected);
    }
    fill(db, [[a, 'last']]);
    for (const [i, [expected, reader]] of readers.entries()) {
      if (i % 2 === 0) expect(reader.tryGet(a)?.toString()).toBe(expected);
    }
  });
});
