import { inspect } from 'node:util';
import {
  AccountUrl,
  EncodingError,
  hash,
  InvalidKeyError,
  Key,
  type MemDBError,
  NotFoundError,
  type PartLike,
  Time,
  TxId,
  uint,
} from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';
import { checkKey } from '../../dist/lib/record/key.js';

/** What a program in JavaScript can pass. */
const any = (value: unknown) => value as never;
const hex = 'ab'.repeat(32);
const url = AccountUrl.parse('a.acme/b');

/** What the function throws. */
function thrownBy(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe('a message says what to write instead', () => {
  it.each<[string, () => unknown, string]>([
    [
      'new Key',
      () => new (any(Key) as new (part: string) => Key)('a'),
      'use Key.of(...) to make a Key',
    ],
    [
      'new AccountUrl',
      () => new (any(AccountUrl) as new (text: string) => AccountUrl)('acc://a'),
      'use AccountUrl.parse(...) to make an AccountUrl',
    ],
    [
      'new TxId of a text',
      () => new TxId(any('acc://a'), Buffer.alloc(32)),
      "an account must be an AccountUrl, not 'acc://a'; write AccountUrl.parse(text) or TxId.parse(text)",
    ],
    [
      'a key as part',
      () => Key.of('a', any(Key.of('b', 1))),
      'part 1: Key b.1 is a Key; use key.append(...) or key.appendKey(key)',
    ],
    [
      'an array as part',
      () => Key.of(any(['a', 'b'])),
      "part 0: [ 'a', 'b' ] is an array; write Key.of(...parts)",
    ],
    [
      'a fraction',
      () => Key.of(1.5),
      'part 0: 1.5 is not a safe integer; write an integer or a string',
    ],
    [
      'NaN',
      () => Key.of(Number.NaN),
      'part 0: NaN is not a safe integer; write an integer or a string',
    ],
    [
      '2^53',
      () => Key.of(2 ** 53),
      'part 0: 9007199254740992 is not a safe integer; write a bigint',
    ],
    ['2n^63', () => Key.of(2n ** 63n), 'part 0: 9223372036854775808n is not an integer of 64 bits'],
    [
      'undefined',
      () => Key.of(any(undefined)),
      'part 0: undefined is of no type that a key can hold; write a string, an integer or a Uint8Array',
    ],
    [
      'hex for hash',
      () => hash(any(hex)),
      `32 bytes are needed, not '${hex}'; for hex write hash(Buffer.from(text, 'hex'))`,
    ],
    [
      'hex for Key.fromHash',
      () => Key.fromHash(any(hex)),
      `32 bytes are needed, not '${hex}'; for hex write Key.fromHash(Buffer.from(text, 'hex'))`,
    ],
    [
      'hex for TxId',
      () => new TxId(url, any(hex)),
      `32 bytes are needed, not '${hex}'; for hex write Buffer.from(text, 'hex')`,
    ],
    [
      '31 bytes',
      () => hash(Buffer.alloc(31)),
      '32 bytes are needed, not Buffer(31) [Uint8Array] [ 0, 0, 0, 0, ... 27 more items ]',
    ],
    [
      'the digest of a time',
      () => Key.of('a', new Time(5)).digest(),
      'a key cannot be hashed with Time 1970-01-01 00:00:05 +0000 UTC, a time; write its seconds as an integer in its place',
    ],
    [
      'the digest of a transaction id',
      () => Key.of('a', new TxId(url, Buffer.alloc(32))).digest(),
      `a key cannot be hashed with TxId acc://${'00'.repeat(32)}@a.acme/b, a transaction id; write hash(id.hash) in its place`,
    ],
    [
      'a lone surrogate',
      () => Key.of('a\ud800'),
      `part 0: ${inspect('a\ud800')} has a lone surrogate`,
    ],
    [
      'a URL that is no string',
      () => AccountUrl.parse(any(5)),
      'the text of a URL must be a string, not 5',
    ],
    ['JSON that is no text', () => Key.parse(any([])), 'JSON text must be a string, not []'],
    [
      'binary that is no bytes',
      () => Key.decode(any('00')),
      "a binary key must be bytes, not '00'",
    ],
  ])('%s', (_, run, message) => {
    expect(thrownBy(run).message).toBe(message);
  });

  it.each<[unknown, string]>([
    ['key1', "a key must be a Key, not 'key1'; write Key.of('key1')"],
    [7, 'a key must be a Key, not 7; write Key.of(7)'],
    [7n, 'a key must be a Key, not 7n; write Key.of(7n)'],
    [1.5, 'a key must be a Key, not 1.5'],
    [true, 'a key must be a Key, not true'],
    [['a', 1], "a key must be a Key, not [ 'a', 1 ]; write Key.of(...parts)"],
    [
      new Uint8Array(1),
      'a key must be a Key, not Uint8Array(1) [ 0 ]; write Key.of(bytes) for a key with this part, Key.decode(bytes) for a binary key',
    ],
    [url, 'a key must be a Key, not AccountUrl acc://a.acme/b; write Key.of(part)'],
    [uint(7), 'a key must be a Key, not Uint 7; write Key.of(part)'],
    [{ a: 1 }, 'a key must be a Key, not { a: 1 }'],
  ])('$0 in the place of a key', (value, message) => {
    for (const run of [
      () => checkKey(any(value)),
      () => Key.of('a').appendKey(any(value)),
      () => Key.of('a').equals(any(value)),
      () => Key.of('a').compare(any(value)),
    ]) {
      const error = thrownBy(run);
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toBe(message);
    }
  });

  it('true in the place of a prefix', () => {
    expect(() => checkKey(any(true), 'a prefix')).toThrow(
      'a prefix must be a Key or null, not true; for a writable batch write begin(null, true)',
    );
    expect(() => checkKey(any('p'), 'a prefix')).toThrow(
      "a prefix must be a Key or null, not 'p'; write Key.of('p')",
    );
  });

  it.each([
    ['one that was made', Key.of('a', url, hash(Buffer.alloc(32)))],
    ['one that was decoded', Key.decode(Key.of('a').encode())],
    ['one that starts from a digest', Key.fromHash(Buffer.alloc(32))],
    ['the empty one', Key.of()],
  ])('a key that was posted: %s', (_, key) => {
    const posted = structuredClone(key);
    const message =
      /Keys lose their class in postMessage; send key\.encode\(\) and use Key\.decode$/;
    expect(() => checkKey(any(posted))).toThrow(message);
    expect(() => Key.of(any(posted))).toThrow(message);
  });
});

it('null and undefined are the empty key', () => {
  expect(checkKey(null)).toBe(checkKey(undefined));
  expect(checkKey(null).equals(Key.of())).toBe(true);
});

describe('whatever the input, a message is short', () => {
  const long = 'ä€😀'.repeat(100_000);
  const proxy = new Proxy(
    {},
    {
      get: () => {
        throw new Error('caught in a trap');
      },
    },
  );
  const loud = {
    get [Symbol.toStringTag](): string {
      throw new Error('not to be seen');
    },
  };
  const wide = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, i) => [`${i}${'x'.repeat(99)}`, i]),
  );

  it.each<[string, () => unknown]>([
    ['a text as key', () => checkKey(any(long))],
    ['a wide object as key', () => checkKey(any(wide))],
    ['an object that throws as key', () => checkKey(any(loud))],
    ['a proxy that throws as key', () => checkKey(any(proxy))],
    ['a wide object as part', () => Key.of(any(wide))],
    ['a function as part', () => Key.of(any(() => long))],
    ['a large bigint as part', () => Key.of(10n ** 5_000n)],
    ['a lone surrogate', () => Key.of(`${long}\ud800`)],
    ['a text as hash', () => hash(any(long))],
    ['a scheme', () => AccountUrl.parse(`${'a'.repeat(100_000)}://b`)],
    ['a host', () => AccountUrl.parse(`${long} `)],
    ['a transaction id', () => TxId.parse(`${'a'.repeat(100_000)}@b`)],
    ['a time', () => Time.parse(long)],
    ['JSON', () => Key.parse(long)],
    ['a JSON type', () => Key.fromJSON([{ [long]: 1 }])],
    ['a long key after another', () => Key.of(long).appendKey(Key.fromHash(Buffer.alloc(32)))],
    [
      'a long key that is not there',
      () => {
        throw new NotFoundError(Key.of(long, long));
      },
    ],
    [
      'any error',
      () => {
        throw new EncodingError(long);
      },
    ],
  ])('%s', (_, run) => {
    const { message } = thrownBy(run);
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(1024);
    expect(message).not.toContain('not to be seen');
    expect(message.length).toBeGreaterThan(10);
  });

  it('a key that is not there is still said to be missing', () => {
    expect(new NotFoundError(Key.of(long)).message).toMatch(/^ä€😀.*\.\.\. not found$/);
  });
});

describe('an error can always be turned into JSON', () => {
  it.each<[string, MemDBError]>([
    ['of a key without a JSON form', new NotFoundError(Key.fromHash(Buffer.alloc(32)))],
    ['of a key with a null part', new NotFoundError(Key.of(null))],
    ['of a large integer', new NotFoundError(Key.of(2n ** 63n - 1n))],
    ['with a cause', new InvalidKeyError('a', { cause: { big: 1n } })],
  ])('%s', (_, error) => {
    expect(JSON.parse(JSON.stringify({ error }))).toEqual({
      error: { name: error.name, code: error.code, message: error.message },
    });
  });
});

describe('console.log shows what a person reads', () => {
  it.each<[unknown, string]>([
    [Key.of('a', 1, url), 'Key a.1.acc://a.acme/b'],
    [Key.of(), 'Key ()'],
    [Key.fromHash(Buffer.alloc(32, 1)), `Key ${'01'.repeat(32)}`],
    [url, 'AccountUrl acc://a.acme/b'],
    [TxId.parse(`${hex}@a.acme`), `TxId acc://${hex}@a.acme`],
    [hash(Buffer.from(hex, 'hex')), `Hash ${hex}`],
    [uint(2n ** 64n - 1n), 'Uint 18446744073709551615'],
    [new Time(0), 'Time 1970-01-01 00:00:00 +0000 UTC'],
  ])('%s', (value, text) => {
    expect(inspect(value)).toBe(text);
    expect(inspect([value], { breakLength: 200 })).toBe(`[ ${text} ]`);
  });
});

it('a subclass of Key makes no keys', () => {
  class Evil extends (any(Key) as new (...parts: PartLike[]) => Key) {}
  expect(() => new Evil('a')).toThrow(/use Key\.of/);
});
