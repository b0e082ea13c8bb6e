import { AccountUrl, hash, InvalidKeyError, Key, type Part, TxId, uint } from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';
import { writeBinary, writeHashInput } from '../../dist/lib/record/encoding.js';
import { Target } from '../../dist/lib/record/target.js';
import { Random, runSeed } from '../support/random.js';
import { partsOf, randomKey, restore, stored, vectorKeys } from './support.js';

const digest = Buffer.alloc(32, 3);

describe('the stored form', () => {
  it('is the binary form if the key has one that is read back', () => {
    for (const key of vectorKeys) {
      expect(Buffer.from(stored(key)).equals(key.encode()), `${key}`).toBe(true);
      expect(restore(stored(key)).stringify()).toBe(key.stringify());
    }
  });

  it.each<[string, Key]>([
    ['null parts', Key.of(null, 'a', null)],
    ['a digest alone', Key.fromHash(digest)],
    ['a digest of zeros', Key.fromHash(Buffer.alloc(32))],
    ['a digest and parts', Key.fromHash(digest).append('a', null, uint(2n ** 64n - 1n))],
    ['more parts than a byte counts', Key.fromHash(digest).append(...Array(300).fill(null))],
    ['a large part', Key.fromHash(digest).append(Buffer.alloc(5_000, 1))],
    ['a URL whose text is read otherwise', Key.of(AccountUrl.parse('acc://foo#%2520'))],
    ['a URL whose text cannot be read', Key.of(AccountUrl.parse('acc://foo#%25zz'))],
    ['odd user info', Key.of(AccountUrl.parse('acc://a%20b%2F%3A:c%23@foo/x'))],
    ['an odd host', Key.of(AccountUrl.parse('acc://[fe80::1%25en0]:80/x'))],
    ['the empty key', Key.of()],
  ])('is read back as the same key: %s', (_, key) => {
    const copy = restore(stored(key));
    expect(copy.equals(key)).toBe(true);
    expect(copy.toString()).toBe(key.toString());
    expect(copy.digest()).toEqual(key.digest());
    for (let i = 0; i < key.length; i++) expect(copy.at(i)).toEqual(key.at(i));
  });

  it('is never the same for two keys', () => {
    const random = new Random(runSeed('stored forms'));
    const forms = new Map<string, string>();
    for (let i = 0; i < 5_000; i++) {
      const plain = randomKey(random);
      for (const key of [plain, plain.append(null), Key.fromHash(digest).appendKey(plain)]) {
        const form = Buffer.from(stored(key)).toString('hex');
        expect(forms.get(form) ?? key.toString()).toBe(key.toString());
        forms.set(form, key.toString());
      }
    }
  });
});

describe('writing a part', () => {
  const parts: Part[] = [
    ...new Set(vectorKeys.flatMap((key) => [...partsOf(key)])),
    'x'.repeat(127),
    'x'.repeat(128),
    'é'.repeat(64),
    Buffer.alloc(20_000),
    ...[63, 64, -64, -65, 2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1, 1 - 2 ** 53, -(2n ** 63n)],
    ...[127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 38, 2n ** 64n - 1n].map((n) => uint(n)),
    hash(digest),
    AccountUrl.parse('A.acme/b'),
  ];

  it.each([
    ['its hash input', writeHashInput],
    ['its binary form', writeBinary],
  ])('returns where %s ends, and -1 exactly if it does not fit', (_, write) => {
    let written = 0;
    for (const part of parts) {
      const large = new Uint8Array(30_000).fill(0xee);
      let end: number;
      try {
        end = write(part, new Target(large), 3);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidKeyError);
        continue;
      }
      if (end < 0) continue;
      written++;
      expect(large[2]).toBe(0xee);
      expect(large[end]).toBe(0xee);
      const exact = new Uint8Array(end);
      expect(write(part, new Target(exact), 3)).toBe(end);
      expect(exact.subarray(3)).toEqual(large.subarray(3, end));
      for (let room = Math.max(0, end - 40); room < end; room++) {
        expect(write(part, new Target(new Uint8Array(room)), 3), `${part} in ${room}`).toBe(-1);
      }
    }
    expect(written).toBeGreaterThan(parts.length / 2);
  });

  it('for the store is refused if its binary form would not be read back', () => {
    const target = new Target(new Uint8Array(1_000));
    expect(writeBinary(null, target, 0)).toBe(-1);
    expect(writeBinary(AccountUrl.parse('acc://foo#%2520'), target, 0)).toBe(-1);
    expect(writeBinary(AccountUrl.parse('acc://foo#a'), target, 0)).toBeGreaterThan(0);
  });

  it('for a digest throws if it cannot be hashed', () => {
    const id = TxId.parse(`${'00'.repeat(32)}@foo`);
    expect(() => writeHashInput(id, new Target(new Uint8Array(100)), 0)).toThrow(InvalidKeyError);
  });
});
