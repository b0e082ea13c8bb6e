import { createHash } from 'node:crypto';
import { AccountUrl, EncodingError, InvalidKeyError, Key, TxId } from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';
import { Random, runSeed } from '../support/random.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('account URLs', () => {
  it.each([
    ['acc://Foo.ACME:80/A/B?Q#F', 'foo.acme/a/b'],
    ['acc://foo.acme//A//', 'foo.acme/a'],
    ['acc://foo.acme', 'foo.acme'],
    ['acc://foo.acme/', 'foo.acme'],
    // Context does not count: there is no final sigma.
    ['acc://ΟΔΟΣ.acme', 'οδοσ.acme'],
    // The full mapping of Unicode would add a combining dot.
    ['acc://İ.acme/%C4%B0', 'i.acme/i'],
    ['acc://KELVIN.acme', 'kelvin.acme'],
    ['acc://𐐀.acme', '𐐨.acme'],
  ])('have the hash of their lower-case text as account id: %s', (text, hashed) => {
    expect(AccountUrl.parse(text).accountId().toString('hex')).toBe(sha256(hashed));
  });

  it.each([
    ['acc://foo.acme/bar', 'FOO.acme/BAR', true],
    ['acc://foo.acme/bar/', 'acc://foo.acme//bar', true],
    ['acc://foo.acme/%c3%a4', 'acc://foo.acme/ä', true],
    ['acc://foo.acme', 'acc://foo.acme?q', false],
    ['acc://foo.acme', 'acc://u@foo.acme', false],
    ['acc://foo.acme#f', 'acc://foo.acme#F', true],
    ['acc://foo.acme', 'acc://foo.acme:80', false],
  ])('%s and %s are equal: %s', (a, b, equal) => {
    expect(AccountUrl.parse(a).equals(AccountUrl.parse(b))).toBe(equal);
    expect(AccountUrl.parse(b).equals(AccountUrl.parse(a))).toBe(equal);
  });

  it.each([
    ['acc://foo/%ff', /path are not UTF-8/],
    ['acc://foo%c3/', /host are not UTF-8/],
    ['acc://foo#%ed%a0%80', /fragment are not UTF-8/],
    ['acc://foo/\ud800', /lone surrogate/],
    ['acc://foo"bar', /the host has a character/],
    ['acc://foo<bar', /the host has a character/],
    ['acc://foo>bar', /the host has a character/],
    ['http://foo', /the scheme is http, not acc/],
    ['acc://foo:x', /port/],
    ['acc://foo/%4', /bad escape in the path/],
    ['acc://foo%41', /bad escape in the host/],
    ['acc://foo\u0000', /control character/],
  ])('are refused with the reason: %j', (text, reason) => {
    expect(() => AccountUrl.parse(text)).toThrow(EncodingError);
    expect(() => AccountUrl.parse(text)).toThrow(reason);
  });

  it('are read in linear time, and errors show only their beginning', () => {
    const long = `acc://foo/${'/'.repeat(500_000)}x${'/'.repeat(500_000)}`;
    expect(AccountUrl.parse(long).toString()).toBe('acc://foo/x');
    expect(
      AccountUrl.parse(`acc://${'a'.repeat(1_000_000)}/${'%41'.repeat(300_000)}`).path,
    ).toHaveLength(300_001);
    const refused = () => AccountUrl.parse(`acc://${' '.repeat(1_000_000)}`);
    expect(refused).toThrow(EncodingError);
    try {
      refused();
    } catch (error) {
      expect((error as Error).message.length).toBeLessThan(300);
    }
  });

  it('must be strings', () => {
    for (const value of [undefined, null, 5, {}]) {
      expect(() => AccountUrl.parse(value as unknown as string)).toThrow(TypeError);
    }
  });

  it('are strings in JSON', () => {
    expect(JSON.stringify({ url: AccountUrl.parse('Foo.acme') })).toBe('{"url":"acc://Foo.acme"}');
  });
});

describe('transaction ids', () => {
  const hex = '0123456789abcdef'.repeat(4);

  it('are URLs with a hash as user info', () => {
    const id = TxId.parse(`acc://${hex.toUpperCase()}@Foo.acme/x?q#f`);
    expect(id.toString()).toBe(`acc://${hex}@Foo.acme/x?q#f`);
    expect(id.hash.toString('hex')).toBe(hex);
    expect(id.account.toString()).toBe('acc://Foo.acme/x?q#f');
    expect(id.equals(TxId.parse(`${hex}@foo.acme/x?q#f`))).toBe(true);
    expect(id.equals(TxId.parse(`${hex}@foo.acme/x`))).toBe(false);
    expect(id.equals(new TxId(id.account, Buffer.alloc(32)))).toBe(false);
    expect(JSON.stringify({ id })).toBe(`{"id":"${id}"}`);
  });

  it('leave out the user info of the account', () => {
    const id = new TxId(AccountUrl.parse('user@foo'), Buffer.from(hex, 'hex'));
    expect(id.toString()).toBe(`acc://${hex}@foo`);
  });

  it.each([
    'foo',
    `${hex.slice(2)}@foo`,
    `${hex}00@foo`,
    `${hex.slice(1)}x@foo`,
    `${hex}:p@foo`,
    'http://foo',
  ])('are refused: %s', (text) => {
    expect(() => TxId.parse(text)).toThrow(EncodingError);
  });

  it('must have a hash of 32 bytes', () => {
    const url = AccountUrl.parse('foo');
    expect(() => new TxId(url, Buffer.alloc(31))).toThrow(InvalidKeyError);
  });

  it('cannot be hashed, nor can times', () => {
    const id = TxId.parse(`${hex}@foo`);
    expect(() => Key.of('a', id).digest()).toThrow(/cannot be hashed with TxId acc:/);
    expect(() => Key.of(new Date(0)).digest()).toThrow(/cannot be hashed with Time 1970-01-01/);
  });
});

it('plain URLs are read fast, and never differently', () => {
  const random = new Random(runSeed('plain URLs'));
  const pieces = ['a', 'B7', '.', '-', '_', '~', '/', '/', ':', '@', '=', '$', '+', '&', '//'];
  let plain = 0;
  for (let i = 0; i < 20_000; i++) {
    const rest = Array.from({ length: random.below(9) }, () => random.pick(pieces)).join('');
    // A scheme in capitals is read by the full rules.
    const [short, long] = [`acc://${rest}`, `ACC://${rest}`].map((text) => {
      try {
        const url = AccountUrl.parse(text);
        const { userInfo, authority, path, query, fragment } = url;
        return [`${url}`, userInfo, authority, path, query, fragment];
      } catch (error) {
        return (error as Error).message.replace(/acc/gi, '');
      }
    });
    expect(short).toEqual(long);
    if (typeof short !== 'string') plain++;
  }
  expect(plain).toBeGreaterThan(5_000);
});
