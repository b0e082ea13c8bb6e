import { TxID as AccumulateTxID, URL as AccumulateURL } from 'accumulate.js';
import { AccountUrl, Key, type PartLike, TxId } from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';

const hex = '0123456789abcdef'.repeat(4);

describe('objects of accumulate.js', () => {
  it.each([
    'acc://alice.acme',
    'acc://Alice.ACME/Tokens',
    'acc://alice.acme/sp ace/é',
    'acc://alice.acme/book/1?q=a&b=c#frag',
    'acc://user@alice.acme/x',
    'bob.acme/data',
  ])('are URL parts: %s', (text) => {
    const key = Key.of('Account', new AccumulateURL(text), 'Main');
    const same = Key.of('Account', AccountUrl.parse(text), 'Main');
    expect(key.at(1)).toBeInstanceOf(AccountUrl);
    expect(key.stringify()).toBe(same.stringify());
    expect(key.encode()).toEqual(same.encode());
    expect(key.digest()).toEqual(same.digest());
    expect(key.equals(same)).toBe(true);
  });

  it.each([`acc://${hex}@alice.acme/tokens`, `acc://${hex}@Alice.acme`])(
    'are transaction id parts: %s',
    (text) => {
      const key = Key.of('Message', new AccumulateTxID(text));
      const same = Key.of('Message', TxId.parse(text));
      expect(key.at(1)).toBeInstanceOf(TxId);
      expect(key.stringify()).toBe(same.stringify());
      expect(key.encode()).toEqual(same.encode());
      expect(key.equals(same)).toBe(true);
    },
  );

  it('may be used again and appended, and are converted once', () => {
    const url = new AccumulateURL('acc://alice.acme/tokens');
    const [first, second] = [Key.of(url), Key.of('x').append(url).slice(1)];
    expect(first.digest()).toEqual(second.digest());
    expect(first.at(0)).toBe(second.at(0));
  });

  it('have their hash copied when they are transaction ids', () => {
    const id = new AccumulateTxID(`acc://${hex}@alice.acme`);
    const key = Key.of(id);
    id.hash.fill(0);
    expect(key.toString()).toBe(`acc://${hex}@alice.acme`);
    expect(Key.of(id).toString()).toBe(`acc://${'0'.repeat(64)}@alice.acme`);
  });

  it('are recognised by their shape', () => {
    const like = { authority: 'a.acme', path: '/b', toString: () => 'acc://a.acme/b' };
    expect(Key.of(like).equals(Key.of(AccountUrl.parse('a.acme/b')))).toBe(true);
    expect(() => Key.of({ authority: 'a.acme' } as unknown as PartLike)).toThrow(/no type/);
    expect(() => Key.of(new URL('acc://a.acme') as unknown as PartLike)).toThrow(/no type/);
  });
});
