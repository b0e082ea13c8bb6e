import { AccountUrl, EncodingError, InvalidKeyError, Key } from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';
import { keyVectors, type UrlVector, vectors } from './support.js';

const hex = (text: string) => Buffer.from(text, 'hex');
const { keys, urls, fromHash, compare } = keyVectors;

describe('keys recorded from the original', () => {
  it('are complete', () => {
    expect([keys.length, urls.length, fromHash.length, compare.length]).toEqual([305, 34, 20, 199]);
  });

  it.each(keys)('$json', ({ json, binary, string, digest }) => {
    const parsed = Key.parse(json);
    const decoded = Key.decode(hex(binary));
    for (const key of [parsed, decoded]) {
      expect(key.stringify()).toBe(json);
      expect(key.encode().toString('hex')).toBe(binary);
      expect(key.toString()).toBe(string);
      expect(JSON.stringify(Key.fromJSON(key.toJSON()))).toBe(JSON.stringify(key));
      // Twice: the second result comes from the key's own fields.
      for (let time = 0; time < 2; time++) {
        if (digest === undefined) expect(() => key.digest()).toThrow(InvalidKeyError);
        else expect(key.digest().toString('hex')).toBe(digest);
      }
    }
    expect(parsed.equals(decoded)).toBe(true);
    expect(parsed.compare(decoded)).toBe(0);
  });

  it.each(fromHash)('continued from the digest $from', ({ from, digest, append, appendDigest }) => {
    const key = Key.fromHash(hex(from));
    expect(key.digest().toString('hex')).toBe(digest);
    const parts = Key.parse(append);
    expect(key.appendKey(parts).digest().toString('hex')).toBe(appendDigest);
    const one = Array.from({ length: parts.length }, (_, i) => parts.at(i));
    const step = one.reduce<Key>((whole, part) => whole.append(part ?? null), key);
    expect(step.digest().toString('hex')).toBe(appendDigest);
  });

  it('compare as recorded, and the other way round', () => {
    for (const [i, j, sign] of compare) {
      const [a, b] = [Key.parse(keys[i]?.json ?? ''), Key.parse(keys[j]?.json ?? '')];
      expect(Math.sign(a.compare(b)), `${a} and ${b}`).toBe(sign);
      expect(Math.sign(b.compare(a)), `${b} and ${a}`).toBe(sign === 0 ? 0 : -sign);
      expect(a.equals(b)).toBe(sign === 0);
    }
  });
});

describe.each([
  ['recorded from the original', urls],
  ['recorded from net/url', vectors<readonly UrlVector[]>('url-rules.json')],
])('URLs %s', (_, list) => {
  it.each(list)('$input', (vector) => {
    if (vector.error) {
      expect(() => AccountUrl.parse(vector.input)).toThrow(EncodingError);
      return;
    }
    const url = AccountUrl.parse(vector.input);
    const { input, string, accountId, identityAccountId, ...fields } = vector;
    const empty = { userInfo: '', path: '', query: '', fragment: '' };
    expect(url).toMatchObject({ ...empty, ...fields });
    expect(url.toString()).toBe(string);
    expect(url.accountId().toString('hex')).toBe(accountId);
    if (identityAccountId !== undefined) {
      expect(url.identityAccountId().toString('hex')).toBe(identityAccountId);
    }
  });
});
