import { runInNewContext } from 'node:vm';
import {
  AccountUrl,
  EncodingError,
  hash,
  InvalidKeyError,
  Key,
  type PartLike,
  Time,
  TxId,
  uint,
} from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';

const bytes32 = Buffer.alloc(32, 7);

describe('parts', () => {
  it.each<[string, PartLike, string]>([
    ['a string', 'Main', '{"string":"Main"}'],
    ['zero', 0, '{"int":0}'],
    ['minus zero', -0, '{"int":0}'],
    ['the largest safe integer', 2 ** 53 - 1, '{"int":9007199254740991}'],
    ['the smallest safe integer', 1 - 2 ** 53, '{"int":-9007199254740991}'],
    ['a small bigint', 5n, '{"int":5}'],
    ['the largest int', 2n ** 63n - 1n, '{"int":9223372036854775807}'],
    ['the smallest int', -(2n ** 63n), '{"int":-9223372036854775808}'],
    ['a uint', uint(7), '{"uint":7}'],
    ['the largest uint', uint(2n ** 64n - 1n), '{"uint":18446744073709551615}'],
    ['bytes', Uint8Array.of(0, 255), '{"bytes":"00ff"}'],
    ['a Buffer', Buffer.from('ab'), '{"bytes":"6162"}'],
    ['bytes of another realm', runInNewContext('Uint8Array.of(1, 2)'), '{"bytes":"0102"}'],
    ['a hash', hash(bytes32), `{"hash":"${'07'.repeat(32)}"}`],
    ['a URL', AccountUrl.parse('a.acme'), '{"url":"acc://a.acme"}'],
    [
      'a transaction id',
      new TxId(AccountUrl.parse('a'), bytes32),
      `{"txid":"acc://${'07'.repeat(32)}@a"}`,
    ],
    ['a date', new Date('2001-02-03T04:05:06.789Z'), '{"time":"2001-02-03T04:05:06Z"}'],
    ['a date before 1970', new Date(-1), '{"time":"1969-12-31T23:59:59Z"}'],
    ['a date of another realm', runInNewContext('new Date(0)'), '{"time":"1970-01-01T00:00:00Z"}'],
    ['a time', new Time(60), '{"time":"1970-01-01T00:01:00Z"}'],
  ])('%s', (_, part, json) => {
    expect(Key.of(part).stringify()).toBe(`[${json}]`);
    expect(Key.of().append(part).stringify()).toBe(`[${json}]`);
    // What a key returns can be a part of another key.
    expect(Key.of(Key.of(part).at(0) as PartLike).stringify()).toBe(`[${json}]`);
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['1.5', 1.5],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['9007199254740992', 2 ** 53],
    ['9223372036854775808n', 2n ** 63n],
    ['-9223372036854775809n', -(2n ** 63n) - 1n],
    ['true', true],
    ['Symbol(s)', Symbol('s')],
    ['[Function', () => 0],
    ['{}', {}],
    ['[ 1 ]', [1]],
    ['[Object: null prototype]', Object.create(null)],
    ['Uint16Array', new Uint16Array(1)],
    ['ArrayBuffer', new ArrayBuffer(1)],
    ['the date is invalid', new Date(Number.NaN)],
    ['lone surrogate', 'a\ud800'],
    ['lone surrogate', '\udc00b'],
    ['bad URL', { authority: 'a b', path: '', toString: () => 'acc://a b' }],
    ['32 bytes', { account: AccountUrl.parse('a'), hash: new Uint8Array(31) }],
  ])('are refused: %s', (shown, part) => {
    const make = () => Key.of('first', part as PartLike);
    expect(make).toThrow(InvalidKeyError);
    expect(make).toThrow(/part 1: /);
    expect(make).toThrow(shown);
    expect(() => Key.of('first').append(part as PartLike)).toThrow(/part 1: /);
  });

  it.each<[string, unknown]>([
    ['-1', -1],
    ['1.5', 1.5],
    ['18446744073709551616n', 2n ** 64n],
    ['-1n', -1n],
    ["'5'", '5'],
  ])('are no unsigned integers: %s', (shown, value) => {
    expect(() => uint(value as number)).toThrow(InvalidKeyError);
    expect(() => uint(value as number)).toThrow(shown);
  });

  it.each<[string, unknown]>([
    ['31 bytes', new Uint8Array(31)],
    ['33 bytes', new Uint8Array(33)],
    ['hex', '07'.repeat(32)],
    ['nothing', undefined],
  ])('are no hashes: %s', (_, value) => {
    expect(() => hash(value as Uint8Array)).toThrow(InvalidKeyError);
    expect(() => Key.fromHash(value as Uint8Array)).toThrow(InvalidKeyError);
  });

  it('hold a safe integer as a number, never as a bigint', () => {
    expect(Key.of(5n).at(0)).toBe(5);
    expect(Key.of(-0).at(0)).toBe(0);
    expect(Key.of(2n ** 53n).at(0)).toBe(2n ** 53n);
    expect(uint(5n).value).toBe(5);
    expect(Key.of(5n).equals(Key.of(5))).toBe(true);
    expect(Key.of(uint(5)).equals(Key.of(5))).toBe(false);
  });

  it('hash null as no bytes, and have no binary form or JSON for it', () => {
    const key = Key.of('a', null);
    expect(key.digest()).toEqual(Key.of('a', '').digest());
    expect(key.equals(Key.of('a', ''))).toBe(false);
    expect(key.at(1)).toBe(null);
    expect(() => key.encode()).toThrow(EncodingError);
    expect(() => key.stringify()).toThrow(EncodingError);
    expect(() => key.toJSON()).toThrow(EncodingError);
  });
});

describe('a key never changes', () => {
  it('when the bytes change that it was made of', () => {
    const [bytes, digest] = [Buffer.from([1, 2]), Buffer.alloc(32, 1)];
    const part = hash(digest);
    const keys = [
      Key.of(bytes, part),
      Key.fromHash(digest),
      Key.decode(Key.of(bytes, part).encode()),
    ];
    const before = keys.map((key) => key.toString());
    bytes.fill(9);
    digest.fill(9);
    expect(keys.map((key) => key.toString())).toEqual(before);
  });

  it('when the bytes change that it was decoded from', () => {
    const encoded = Key.of(Uint8Array.of(1), hash(bytes32)).encode();
    const key = Key.decode(encoded);
    encoded.fill(0xff);
    expect(key.toString()).toBe(`01.${'07'.repeat(32)}`);
  });

  it('when what it returned is changed', () => {
    const id = new TxId(AccountUrl.parse('a'), bytes32);
    const key = Key.of(Uint8Array.of(1), hash(bytes32), AccountUrl.parse('a'));
    const before = [key.digest().toString('hex'), key.encode().toString('hex'), id.toString()];
    (key.at(0) as Uint8Array).fill(9);
    (key.at(1) as ReturnType<typeof hash>).bytes.fill(9);
    (key.at(2) as AccountUrl).accountId().fill(9);
    id.hash.fill(9);
    key.digest().fill(9);
    key.encode().fill(9);
    const after = [key.digest().toString('hex'), key.encode().toString('hex'), id.toString()];
    expect(after).toEqual(before);
    expect(Key.of(...[0, 1, 2].map((i) => key.at(i) as PartLike)).digest()).toEqual(key.digest());
  });

  it('when other keys are made from it', () => {
    const key = Key.of('a', 'b');
    key.append('c');
    key.appendKey(Key.of('d'));
    key.slice(1);
    expect(key.toString()).toBe('a.b');
  });
});
