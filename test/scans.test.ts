import {
  AccountUrl,
  type Batch,
  BatchClosedError,
  hash,
  Key,
  type KeyLike,
  ReadOnlyBatchError,
  uint,
} from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';
import { Random, runSeed } from './support/random.js';

const seed = runSeed('scans.test.ts');

/** Parts that are alike in bytes but not in type, and those that have two stored forms. */
const PARTS = [
  'a',
  'ab',
  '',
  1,
  uint(1),
  Buffer.of(2),
  Buffer.alloc(0),
  hash(Buffer.alloc(32, 1)),
  AccountUrl.parse('acc://a.acme/b%2Fc'),
  AccountUrl.parse('acc://a.acme/b'),
  null,
  -(2n ** 63n),
] as const;

function randomKey(random: Random): Key {
  const base = random.chance(0.15) ? Key.fromHash(Buffer.alloc(32, random.below(2))) : Key.of();
  const parts = Array.from({ length: random.below(4) }, () => random.pick(PARTS));
  return base.append(...parts);
}

const baseOf = (key: Key) =>
  String((key as unknown as { base?: { toBuffer(): Buffer } }).base?.toBuffer().toString('hex'));

/** Whether the first parts of a key are those of another, types included. */
function hasPrefix(key: Key, prefix: Key): boolean {
  if (baseOf(prefix) !== baseOf(key)) return prefix.length === 0 && baseOf(prefix) === 'undefined';
  return key.length >= prefix.length && partsOf(key, prefix.length) === partsOf(prefix);
}

const partsOf = (key: Key, end?: number) =>
  Array.from({ length: end ?? key.length }, (_, n) => {
    const part = key.at(n);
    return `${typeof part} ${part?.constructor?.name} ${part}`;
  }).join();

const texts = (keys: Iterable<Key>) => [...keys].map((key) => partsOf(key) + baseOf(key)).sort();

describeEngines('iterations that a prefix narrows', (open) => {
  function filled() {
    const db = open();
    db.update((b) => {
      for (const key of [Key.of('a', 1), Key.of('a', uint(7)), Key.of('ab'), Key.of('b', 'a')]) {
        b.put(key, `value of ${key}`);
      }
    });
    return db;
  }
  const shown = (batch: Batch, prefix?: KeyLike) => [...batch.keys({ prefix })].map(String).sort();

  it('show only keys that begin with its parts, whole, and the prefix itself', () => {
    const db = filled();
    const batch = db.begin(Key.of('p'), true);
    expect(shown(batch)).toEqual(['a.1', 'a.7', 'ab', 'b.a']);
    expect(shown(batch, Key.of('a'))).toEqual(['a.1', 'a.7']);
    expect(shown(batch, Key.of('a', 1))).toEqual(['a.1']);
    expect(shown(batch, Key.of('a', uint(1)))).toEqual([]);
    batch.put(Key.of('a'), 'of the batch');
    expect(shown(batch, Key.of('p'))).toEqual(['p.a']);
    expect(shown(batch, null)).toHaveLength(5);
    expect([...batch.entries({ prefix: Key.of('ab') })].map(([k, v]) => `${k}: ${v}`)).toEqual([
      'ab: value of ab',
    ]);
    expect([...batch.begin().keys()]).toHaveLength(5);
  });

  it('are kept up by deletions, in the batch and in nested ones', () => {
    const db = filled();
    const batch = db.begin(null, true);
    const nested = batch.begin(null, true);
    batch.delete(Key.of('a', 1));
    nested.put(Key.of('a', 3), '');
    nested.delete(Key.of('a', uint(7)));
    expect(shown(nested, Key.of('a'))).toEqual(['a.3']);
    expect(shown(batch, Key.of('a'))).toEqual(['a.7']);
  });

  it('do not copy values to show keys', () => {
    const db = open();
    db.update((b) => b.put(Key.of('large'), Buffer.alloc(300_000)));
    expect(db.view((b) => [...b.keys()].map(String))).toEqual(['large']);
    const batch = db.begin(null, true);
    batch.put(Key.of('own'), Buffer.alloc(300_000));
    expect(shown(batch)).toEqual(['large', 'own']);
  });

  it('agree with a filter over all entries, for any keys', () => {
    const random = new Random(seed);
    for (let round = 0; round < 30; round++) {
      const db = open();
      const keys = Array.from({ length: 60 }, () => randomKey(random));
      const batch = db.begin(null, true);
      db.update((b) => {
        for (const key of keys) if (random.chance(0.5)) b.put(key, 'stored');
      });
      const later = db.begin(null, true);
      for (const at of [batch, later]) {
        for (const key of keys) {
          const what = random.below(5);
          if (what === 0) at.put(key, 'pending');
          if (what === 1) at.delete(key);
        }
        const nested = at.begin(null, true);
        for (const key of keys) if (random.chance(0.1)) nested.put(key, 'nested');
        for (const prefix of [...keys, randomKey(random)]) {
          const all = [...nested.entries()].map(([key]) => key);
          const expected = all.filter((key) => hasPrefix(key, prefix));
          expect(texts(nested.keys({ prefix }))).toEqual(texts(expected));
        }
        const prefix = random.pick(keys);
        const left = [...nested.keys()].filter((key) => !hasPrefix(key, prefix));
        nested.clear({ prefix });
        expect(texts(nested.keys())).toEqual(texts(left));
        nested.commit();
        expect(texts(at.keys())).toEqual(texts(left));
        at.commit();
      }
      db.close();
    }
  });

  it('refuse what is no key, and options that there are not', () => {
    const batch = filled().begin(null, true);
    for (const method of ['keys', 'entries', 'clear'] as const) {
      expect(() => batch[method]({ prefix: 'a' as never })).toThrow(TypeError);
      expect(() => batch[method]({ prefx: Key.of('a') } as object)).toThrow(TypeError);
    }
    expect([...batch.keys()]).toHaveLength(4);
  });
});

describeEngines('clear', (open) => {
  it('deletes all that the batch sees, and nothing that came later', () => {
    const db = open();
    db.update((b) => {
      for (let n = 0; n < 1_000; n++) b.put(Key.of('n', uint(n)), 'x');
    });
    const batch = db.begin(null, true);
    batch.put(Key.of('own'), 'x');
    db.update((b) => b.put(Key.of('later'), 'x'));
    batch.clear();
    expect([...batch]).toEqual([]);
    expect(db.stats().entries).toBe(1_001);
    batch.put(Key.of('after'), 'x');
    batch.commit();
    expect(db.view((b) => [...b.keys()].map(String).sort())).toEqual(['after', 'later']);
    expect(db.stats().entries).toBe(2);
  });

  it('is a write, and for an optimistic batch an iteration too', () => {
    const db = open();
    expect(() => db.begin().clear()).toThrow(ReadOnlyBatchError);
    const batch = db.begin(null, true, { optimistic: true });
    batch.clear({ prefix: Key.of('a') });
    db.update((b) => b.put(Key.of('a', 'b'), 'phantom'));
    expect(() => batch.commit()).toThrow('another commit changed');
    expect(() => batch.clear()).toThrow(BatchClosedError);
  });
});
