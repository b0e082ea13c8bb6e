import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import {
  AccountUrl,
  EncodingError,
  hash,
  InvalidKeyError,
  Key,
  Time,
  TxId,
  uint,
} from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';

const digest = Buffer.alloc(32, 0xab);

describe('the empty key', () => {
  const empty = [
    Key.of(),
    Key.parse('[]'),
    Key.parse('null'),
    Key.decode(Uint8Array.of(0)),
    Key.of('a').slice(1),
  ];

  it.each(empty.map((key) => [key]))('is the same as none', (key) => {
    expect(key.length).toBe(0);
    expect(key.toString()).toBe('()');
    expect(key.stringify()).toBe('[]');
    expect(key.encode()).toEqual(Buffer.of(0));
    expect(key.digest()).toEqual(Buffer.alloc(32));
    for (const none of [null, undefined, Key.of()]) {
      expect(key.equals(none)).toBe(true);
      expect(key.compare(none)).toBe(0);
    }
    expect(Key.of('a').equals(null)).toBe(false);
    expect(Key.of('a').compare(null)).toBeGreaterThan(0);
  });
});

describe('the parts of a key', () => {
  const key = Key.of('a', 1, 'c', uint(4));

  it('are counted from 0, or from the end', () => {
    expect([key.length, key.at(0), key.at(1), key.at(-2)]).toEqual([4, 'a', 1, 'c']);
    expect([key.at(4), key.at(-5)]).toEqual([undefined, undefined]);
  });

  it.each<[number, number | undefined]>([
    [0, undefined],
    [1, undefined],
    [1, 3],
    [-2, undefined],
    [0, -1],
    [3, 1],
    [9, undefined],
  ])('from %s to %s are sliced like those of an array', (start, end) => {
    const texts = ['a', '1', 'c', '4'].slice(start, end);
    expect(key.slice(start, end).toString()).toBe(texts.join('.') || '()');
  });

  it('can be appended to, one by one or all at once', () => {
    const whole = Key.of('a', 1, uint(4));
    expect(Key.of('a').append(1, uint(4)).equals(whole)).toBe(true);
    expect(Key.of('a').append(1).append(uint(4)).digest()).toEqual(whole.digest());
    expect(
      Key.of('a')
        .appendKey(Key.of(1, uint(4)))
        .equals(whole),
    ).toBe(true);
    for (const none of [null, undefined, Key.of()]) {
      expect(whole.appendKey(none).equals(whole)).toBe(true);
    }
    expect(Key.of().appendKey(whole).equals(whole)).toBe(true);
    expect(whole.append().equals(whole)).toBe(true);
  });
});

describe('a key from a digest', () => {
  const key = Key.fromHash(digest).append('a', 1);

  it('has no binary and no JSON form', () => {
    for (const of of [key, Key.fromHash(digest)]) {
      expect(() => of.encode()).toThrow(EncodingError);
      expect(() => of.stringify()).toThrow(EncodingError);
      expect(() => of.toJSON()).toThrow(EncodingError);
    }
  });

  it('may follow only the empty key', () => {
    expect(Key.of().appendKey(key).equals(key)).toBe(true);
    expect(() => Key.of('p').appendKey(key)).toThrow(InvalidKeyError);
    expect(() => Key.fromHash(digest).appendKey(key)).toThrow(InvalidKeyError);
    expect(key.appendKey(null).equals(key)).toBe(true);
  });

  it('is identified by its digest, which is not one of its parts', () => {
    expect(key.length).toBe(2);
    expect(key.at(0)).toBe('a');
    expect(key.toString()).toBe(`${'ab'.repeat(32)}.a.1`);
    expect(key.equals(Key.of('a', 1))).toBe(false);
    expect(key.equals(Key.fromHash(Buffer.alloc(32)).append('a', 1))).toBe(false);
    expect(key.equals(Key.fromHash(digest).append('a', 1))).toBe(true);
    expect(Key.fromHash(digest).equals(null)).toBe(false);
  });

  it('comes after all other keys, and is ordered by digest, then by parts', () => {
    const lower = Key.fromHash(Buffer.alloc(32, 1)).append('z');
    const ordered = [Key.of(), Key.of('z'), lower, Key.fromHash(digest), key];
    for (const [i, a] of ordered.entries()) {
      for (const [j, b] of ordered.entries())
        expect(Math.sign(a.compare(b))).toBe(Math.sign(i - j));
    }
  });

  it('keeps the digest in slices that begin with the first part', () => {
    expect(key.slice(0, 1).equals(Key.fromHash(digest).append('a'))).toBe(true);
    expect(key.slice(-2).equals(key)).toBe(true);
    expect(key.slice(1).equals(Key.of(1))).toBe(true);
  });
});

describe('the order of keys', () => {
  // Each comes before the next: by type code, then by value, then by length.
  const ordered = [
    Key.of(),
    Key.of(null),
    Key.of(-(2n ** 63n)),
    Key.of(-5),
    Key.of(9),
    Key.of(10),
    Key.of(2n ** 63n - 1n),
    Key.of(uint(1)),
    Key.of(uint(2n ** 64n - 1n)),
    Key.of(''),
    Key.of('B'),
    Key.of('B', 0),
    Key.of('B', 'a'),
    Key.of('a'),
    Key.of('aa'),
    Key.of('\uffff'),
    Key.of('\u{10000}'),
    Key.of(hash(Buffer.alloc(32))),
    Key.of(hash(Buffer.alloc(32, 0xff))),
    Key.of(Buffer.alloc(0)),
    Key.of(Buffer.of(1)),
    Key.of(Buffer.of(1, 0)),
    Key.of(Buffer.of(0xff)),
    Key.of(AccountUrl.parse('A.acme')),
    Key.of(AccountUrl.parse('a.acme/b')),
    Key.of(AccountUrl.parse('B.acme')),
    Key.of(new Time(-1)),
    Key.of(new Time(0)),
    Key.of(new Time(2n ** 60n)),
    Key.of(new TxId(AccountUrl.parse('z'), Buffer.alloc(32, 1))),
    Key.of(new TxId(AccountUrl.parse('a'), Buffer.alloc(32, 2))),
    Key.of(new TxId(AccountUrl.parse('B'), Buffer.alloc(32, 2))),
  ];

  it('is total, and agrees with equals', () => {
    for (const [i, a] of ordered.entries()) {
      for (const [j, b] of ordered.entries()) {
        expect(Math.sign(a.compare(b)), `${a} and ${b}`).toBe(Math.sign(i - j));
        expect(a.equals(b), `${a} and ${b}`).toBe(i === j);
      }
    }
  });

  it('ignores the case of URLs', () => {
    const [a, b] = [Key.of(AccountUrl.parse('Ä.acme/X')), Key.of(AccountUrl.parse('ä.ACME/x'))];
    expect(a.equals(b)).toBe(true);
    expect(a.compare(b)).toBe(0);
    expect(a.digest()).toEqual(b.digest());
  });
});

it('console.log shows the text of a key, JSON.stringify writes its JSON', () => {
  const key = Key.of('a', 2n ** 60n);
  expect(inspect({ key })).toBe('{ key: Key a.1152921504606846976 }');
  expect(JSON.stringify({ key })).toBe('{"key":[{"string":"a"},{"int":"1152921504606846976"}]}');
});

it('text of any length is hashed and encoded as its UTF-8', () => {
  for (const unit of ['a', 'é', '日', '😀']) {
    for (let length = 0; length < 300; length++) {
      const key = Key.of(unit.repeat(length), 'end');
      expect(Key.decode(key.encode()).equals(key)).toBe(true);
      expect(key.digest()).toEqual(digestOf(unit.repeat(length), 'end'));
    }
  }
});

it('a large part is hashed and encoded whole', () => {
  const [bytes, text] = [Buffer.alloc(70_000, 5), 'é'.repeat(40_000)];
  const key = Key.of('a', bytes, text);
  expect(Key.decode(key.encode()).equals(key)).toBe(true);
  expect(key.digest()).toEqual(digestOf('a', bytes, text));
});

/** The digest of a key with these parts, computed by definition. */
function digestOf(...parts: (string | Uint8Array)[]): Buffer {
  const step = (digest: Buffer, part: string | Uint8Array) =>
    createHash('sha256').update(digest).update(part).digest();
  return parts.reduce<Buffer>(step, Buffer.alloc(32));
}
