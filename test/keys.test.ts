import { AccountUrl, hash, InvalidKeyError, Key, type Uint, uint } from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';
import { showKey } from './support/keyspec.js';
import { describeBatches, fill } from './support/variants.js';

const many = (count: number) => Array.from({ length: count }, (_, i) => uint(i));

describeEngines('stored keys', (open) => {
  describeBatches((begin) => {
    it.each<[string, Key]>([
      [
        'every type of part',
        Key.of(
          's',
          -5,
          uint(7),
          Buffer.from([0, 255]),
          hash(Buffer.alloc(32, 1)),
          AccountUrl.parse('acc://Bob.acme/Tokens'),
        ),
      ],
      ['no part', Key.of()],
      ['null parts', Key.of('a', null, 'b', null)],
      [
        'the largest integers',
        Key.of(2n ** 63n - 1n, -(2n ** 63n), uint(2n ** 64n - 1n), Number.MAX_SAFE_INTEGER),
      ],
      ['empty parts', Key.of('', Buffer.alloc(0))],
      ['text beyond ASCII', Key.of('ключ', '🔑', '\u0000')],
      ['32 parts', Key.of(...many(32))],
      ['33 parts', Key.of(...many(33))],
      ['1,000 parts', Key.of(...many(1_000))],
      ['a part of 100,000 bytes', Key.of('x', Buffer.alloc(100_000, 3), 'y')],
      ['a string of 100,000 characters', Key.of('é'.repeat(100_000))],
      ['a digest alone', Key.fromHash(Buffer.alloc(32, 7))],
      ['a digest and more', Key.fromHash(Buffer.alloc(32, 7)).append('more', uint(1), null)],
      ['a digest of zeros and more', Key.fromHash(Buffer.alloc(32)).append('zero')],
    ])('come back as they were stored: %s', (_, key) => {
      const db = open();
      const batch = begin(db, null, true);
      batch.put(key, 'value');
      expect(batch.get(key).toString()).toBe('value');
      expect(batch.getMany([key])[0]?.toString()).toBe('value');
      const [own] = batch;
      expect(showKey(own?.[0] as Key)).toBe(showKey(key));
      expect(own?.[0].equals(key)).toBe(true);
      // A key from an iteration can be used like any other.
      expect(batch.get(own?.[0] as Key).toString()).toBe('value');
      batch.delete(own?.[0] as Key);
      expect(batch.has(key)).toBe(false);
      fill(db, [[own?.[0] as Key, 'again']]);
      const [committed] = db.begin();
      expect(showKey(committed?.[0] as Key)).toBe(showKey(key));
    });

    it('come back with the types of their parts', () => {
      const batch = begin(open(), null, true);
      batch.put(Key.of(-5, uint(5), 2n ** 60n, uint(2n ** 60n), 's', Buffer.from('b')), '');
      const [pair] = batch;
      const key = pair?.[0] as Key;
      expect(key.at(0)).toBe(-5);
      expect((key.at(1) as Uint).value).toBe(5);
      expect(key.at(2)).toBe(2n ** 60n);
      expect((key.at(3) as Uint).value).toBe(2n ** 60n);
      expect(key.at(4)).toBe('s');
      expect(key.at(5)).toEqual(Buffer.from('b'));
    });

    it('come back with the types of the prefix, too', () => {
      const batch = begin(open(), Key.of('p', uint(1)), true);
      batch.put(Key.of(1), '');
      const [pair] = batch;
      expect(showKey(pair?.[0] as Key)).toBe(showKey(Key.of('p', uint(1), 1)));
    });

    it('of one digest come back with the types that were put last', () => {
      const batch = begin(open(), null, true);
      batch.put(Key.of('k'), 'string');
      batch.put(Key.of(Buffer.from('k')), 'bytes');
      expect(batch.get(Key.of('k')).toString()).toBe('bytes');
      expect(Array.from(batch, ([key]) => showKey(key))).toEqual([
        showKey(Key.of(Buffer.from('k'))),
      ]);
    });
  });

  it('of one digest come back with the types that were committed last', () => {
    const db = open();
    fill(db, [[Key.of('k'), 'string']]);
    fill(db, [[Key.of(Buffer.from('k')), 'bytes']]);
    expect(Array.from(db.begin(), ([key]) => showKey(key))).toEqual([
      showKey(Key.of(Buffer.from('k'))),
    ]);
    expect(db.stats().entries).toBe(1);
  });

  it('nil and empty are the same key, and no other key is', () => {
    const db = open();
    const batch = db.begin(null, true);
    batch.put(null, 'nil');
    for (const key of [null, undefined, Key.of()]) expect(batch.get(key).toString()).toBe('nil');
    expect(batch.has(Key.of(''))).toBe(false);
    expect(batch.has(Key.of(null))).toBe(false);
    expect(Array.from(batch, ([key]) => key.toString())).toEqual(['()']);
    batch.commit();
    expect(db.begin().get(Key.of()).toString()).toBe('nil');
    // The digest of the empty key is 32 zero bytes, so a key of that digest is the same entry.
    expect(
      db
        .begin()
        .get(Key.fromHash(Buffer.alloc(32)))
        .toString(),
    ).toBe('nil');
    db.update((update) => update.delete(undefined));
    expect(db.begin().has(null)).toBe(false);
  });

  it('are found by their digest alone', () => {
    const db = open();
    const key = Key.of('Account', AccountUrl.parse('alice.acme'), 'Main');
    fill(db, [[key, 'value']]);
    expect(db.begin().get(Key.fromHash(key.digest())).toString()).toBe('value');
    const account = Key.fromHash(Key.of('Account', AccountUrl.parse('ALICE.acme')).digest());
    expect(db.begin().get(account.append('Main')).toString()).toBe('value');
  });

  it('never change when the bytes change that they were made of', () => {
    const db = open();
    const part = Buffer.from('part');
    const key = Key.of('k', part);
    const batch = db.begin(null, true);
    batch.put(key, 'value');
    part.fill(0);
    batch.commit();
    expect(
      db
        .begin()
        .get(Key.of('k', Buffer.from('part')))
        .toString(),
    ).toBe('value');
    expect(db.begin().get(key).toString()).toBe('value');
  });

  it.each<[string, Key]>([
    ['a time', Key.of('k', new Date(0))],
    ['a txid', Key.fromJSON([{ txid: `acc://${'00'.repeat(32)}@alice.acme` }])],
  ])('are refused with %s, which cannot be hashed', (_, key) => {
    const batch = open().begin(null, true);
    for (const use of [
      () => batch.put(key, ''),
      () => batch.get(key),
      () => batch.tryGet(key),
      () => batch.has(key),
      () => batch.delete(key),
      () => batch.getMany([key]),
    ]) {
      expect(use).toThrow(InvalidKeyError);
    }
    expect([...batch]).toEqual([]);
  });

  it('are refused after a prefix if they start from a digest', () => {
    const batch = open().begin(Key.of('p'), true);
    const key = Key.fromHash(Buffer.alloc(32, 1));
    expect(() => batch.put(key, '')).toThrow(InvalidKeyError);
    expect(() => batch.get(key)).toThrow(InvalidKeyError);
    expect(() => batch.getMany([Key.of('a'), key])).toThrow(InvalidKeyError);
  });

  it('are refused if they are not keys', () => {
    const batch = open().begin(null, true);
    for (const key of ['k', 1, {}, [], Buffer.alloc(32), true]) {
      expect(() => batch.get(key as unknown as Key)).toThrow(TypeError);
      expect(() => batch.put(key as unknown as Key, '')).toThrow(TypeError);
      expect(() => batch.has(key as unknown as Key)).toThrow(TypeError);
      expect(() => batch.getMany([key as unknown as Key])).toThrow(TypeError);
    }
    expect([...batch]).toEqual([]);
  });
});
