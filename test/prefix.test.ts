import { Key, NotFoundError, uint } from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';
import { contents } from './support/variants.js';

const k = Key.of('k');
const p = Key.of('p');
const q = Key.of('q', 7);

describeEngines('prefix', (open) => {
  it('comes before every key', () => {
    const db = open();
    const batch = db.begin(p, true);
    batch.put(k, 'value');
    expect(batch.get(k).toString()).toBe('value');
    expect(batch.has(Key.of('p', 'k'))).toBe(false);
    expect(batch.getMany([k, Key.of('p', 'k')]).map((value) => value?.toString())).toEqual([
      'value',
      undefined,
    ]);
    batch.commit();
    expect(contents(db.begin())).toEqual(['p.k=value']);
    expect(db.begin().get(Key.of('p', 'k')).toString()).toBe('value');
    expect(db.begin(Key.of('p', 'k')).get(null).toString()).toBe('value');
  });

  it('never lets a delete reach keys outside it', () => {
    const db = open();
    db.update((batch) => {
      batch.put(k, 'plain');
      batch.put(Key.of('p', 'k'), 'prefixed');
    });
    const batch = db.begin(p, true);
    batch.delete(k);
    batch.commit();
    expect(contents(db.begin())).toEqual(['k=plain']);
  });

  it('of a nested batch follows the prefix of its parent', () => {
    const db = open();
    const parent = db.begin(p, true);
    const child = parent.begin(q, true);
    child.put(k, 'child');
    child.begin(null, true).put(Key.of('lost'), '');
    const same = child.begin(null, true);
    same.put(Key.of('m'), 'same');
    same.commit();
    child.commit();
    expect(parent.get(Key.of('q', 7, 'k')).toString()).toBe('child');
    parent.commit();
    expect(contents(db.begin())).toEqual(['p.q.7.k=child', 'p.q.7.m=same']);
  });

  it('is part of the key that NotFoundError names', () => {
    const batch = open().begin(p).begin(q);
    expect(() => batch.get(k)).toThrow(NotFoundError);
    expect(() => batch.get(k)).toThrow('p.q.7.k not found');
    expect(() => batch.get(null)).toThrow('p.q.7 not found');
    try {
      batch.get(k);
    } catch (error) {
      expect((error as NotFoundError).key.equals(Key.of('p', 'q', 7, 'k'))).toBe(true);
    }
  });

  it('does not narrow iterations', () => {
    const db = open();
    db.update((batch) => {
      batch.put(k, '1');
      batch.put(Key.of('p', 'k'), '2');
    });
    expect(contents(db.begin(p))).toEqual(['k=1', 'p.k=2']);
    expect(contents(db.begin(p).begin(q))).toEqual(['k=1', 'p.k=2']);
  });

  it('is itself the key if the key is empty or nil', () => {
    const db = open();
    const batch = db.begin(p, true);
    batch.put(null, 'nil');
    expect(batch.get(Key.of()).toString()).toBe('nil');
    expect(batch.get(undefined).toString()).toBe('nil');
    batch.put(Key.of(), 'empty');
    expect(batch.get(null).toString()).toBe('empty');
    batch.commit();
    expect(contents(db.begin())).toEqual(['p=empty']);
    expect(db.begin().has(null)).toBe(false);
  });

  it('can be nil or empty', () => {
    const db = open();
    for (const [i, prefix] of [null, undefined, Key.of()].entries()) {
      const batch = db.begin(prefix, true);
      batch.put(Key.of(i), 'plain');
      const child = batch.begin(prefix, true);
      child.put(Key.of('nested', i), 'plain');
      child.commit();
      batch.commit();
    }
    expect(contents(db.begin())).toHaveLength(6);
    expect(db.begin().get(Key.of('nested', 2)).toString()).toBe('plain');
  });

  it('can be very long', () => {
    const db = open();
    const long = Key.of(...Array.from({ length: 40 }, (_, i) => uint(i)));
    const batch = db.begin(long, true).begin(long, true);
    batch.put(k, 'deep');
    expect(batch.get(k).toString()).toBe('deep');
    const [pair] = batch.entries();
    expect(pair?.[0].equals(long.appendKey(long).appendKey(k))).toBe(true);
  });

  it('can start from a digest', () => {
    const base = Key.fromHash(Buffer.alloc(32, 0x5a));
    const db = open();
    const batch = db.begin(base, true);
    batch.put(k, 'value');
    batch.put(null, 'itself');
    batch.commit();
    expect(db.begin().get(base.append('k')).toString()).toBe('value');
    expect(db.begin(base).get(null).toString()).toBe('itself');
  });
});
