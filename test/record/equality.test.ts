import assert from 'node:assert';
import { AccountUrl, Hash, hash, Key, MemDB, Time, TxId, Uint, uint } from 'accumulate-memdb';
import { afterAll, chai, describe, expect, it } from 'vitest';

const url = (text: string) => AccountUrl.parse(text);
const bytes = (fill: number) => new Uint8Array(32).fill(fill);

/** Each group has several ways to one value. No two groups have the same value. */
const GROUPS: Record<string, readonly (() => unknown)[]> = {
  'the empty key': [() => Key.of(), () => Key.parse('[]'), () => Key.of('a').slice(1)],
  'a text': [() => Key.of('a'), () => Key.parse('[{"string":"a"}]'), () => stored(Key.of('a'))],
  'another text': [() => Key.of('b'), () => Key.of().append('b')],
  'two texts': [
    () => Key.of('a', 'b'),
    () => Key.of('a').append('b'),
    () => stored(Key.of('a', 'b')),
  ],
  'an int': [() => Key.of(1), () => Key.of(1n), () => Key.decode(Key.of(1).encode())],
  'the text of an int': [() => Key.of('1')],
  'a uint': [() => Key.of(uint(1)), () => Key.of(uint(1n)), () => stored(Key.of(uint(1)))],
  'a large int': [() => Key.of(2n ** 60n), () => stored(Key.of(2n ** 60n))],
  'a null': [() => Key.of(null), () => stored(Key.of(null))],
  'no text': [() => Key.of(''), () => stored(Key.of(''))],
  bytes: [
    () => Key.of(bytes(1)),
    () => Key.of(Buffer.from(bytes(1))),
    () => stored(Key.of(bytes(1))),
  ],
  'a hash': [() => Key.of(hash(bytes(1))), () => stored(Key.of(hash(bytes(1))))],
  'another hash': [() => Key.of(hash(bytes(2))), () => stored(Key.of(hash(bytes(2))))],
  'a start': [() => Key.fromHash(bytes(1)), () => stored(Key.fromHash(bytes(1)))],
  'another start': [
    () => Key.fromHash(bytes(2)),
    () => Key.fromHash(bytes(2)).append('a').slice(0, 0),
  ],
  'a start of zeros': [() => Key.fromHash(bytes(0))],
  'a URL': [
    () => Key.of('Account', url('a.acme/b')),
    () => Key.of('Account', url('ACC://A.acme/B/')),
    () => stored(Key.of('Account', url('a.acme/b'))),
  ],
  'another URL': [
    () => Key.of('Account', url('a.acme/c')),
    () => stored(Key.of('Account', url('a.acme/c'))),
  ],
  'a time': [() => Key.of(new Date(1000)), () => Key.of(new Time(1))],
  'another time': [() => Key.of(new Date(2000))],
  'a transaction id': [() => Key.of(new TxId(url('a.acme'), bytes(1)))],
  'another transaction id': [() => Key.of(new TxId(url('a.acme'), bytes(2)))],
  'an account': [() => url('a.acme/b'), () => url('acc://A.ACME//b')],
  'another account': [() => url('a.acme/c')],
  'an account with a query': [() => url('a.acme/b?q')],
  'an account with user info': [() => url('u@a.acme/b')],
  'an id': [() => new TxId(url('a.acme'), bytes(1)), () => TxId.parse(`${'01'.repeat(32)}@A.acme`)],
  'an id of another hash': [() => new TxId(url('a.acme'), bytes(2))],
  'an id of another account': [() => new TxId(url('b.acme'), bytes(1))],
  'a single hash': [() => hash(bytes(1)), () => new Hash(Buffer.from(bytes(1)))],
  'another single hash': [() => hash(bytes(2))],
  'a single uint': [() => uint(1), () => new Uint(1n)],
  'another single uint': [() => uint(2)],
  'a single time': [() => new Time(1)],
  'another single time': [() => new Time(2)],
};

const db = new MemDB({ engine: 'fallback' });
afterAll(() => db.close());

/** The key as an iteration over a database returns it. */
function stored(key: Key): Key {
  using batch = db.begin(null, true);
  batch.put(key, '');
  for (const [found] of batch) return found;
  throw new Error('nothing is stored');
}

/** Uses a value in every way that makes it remember something. */
function use(value: unknown): unknown {
  if (value instanceof AccountUrl) value.accountId();
  if (value instanceof TxId) use(value.account);
  String(value);
  if (!(value instanceof Key)) return value;
  for (let i = 0; i < value.length; i++) use(value.at(i));
  try {
    for (let n = 0; n < 4; n++) db.view((batch) => batch.has(value));
    value.digest();
  } catch {
    // A time or a transaction id cannot be hashed.
  }
  return value;
}

const COMPARISONS: Record<string, (a: unknown, b: unknown) => void> = {
  'assert.deepStrictEqual': (a, b) => assert.deepStrictEqual(a, b),
  toEqual: (a, b) => expect(a).toEqual(b),
  toStrictEqual: (a, b) => expect(a).toStrictEqual(b),
  'deep.equal': (a, b) => chai.expect(a).to.deep.equal(b),
};

/** All values of a group: each new, and each after it was used. */
const valuesOf = (ways: readonly (() => unknown)[]) =>
  ways.flatMap((make) => [make(), use(make())]);

describe.each(Object.entries(COMPARISONS))('%s', (_, compare) => {
  it.each(Object.entries(GROUPS))('takes equal values for equal, used or not: %s', (__, ways) => {
    for (const a of ways.flatMap((make) => [make, () => use(make())])) {
      for (const b of valuesOf(ways)) {
        // A new one each time, because to compare may change what a value remembers.
        compare(a(), b);
        compare([b], [a()]);
      }
    }
  });

  it('never takes different values for equal', () => {
    const groups = Object.entries(GROUPS).map(([name, ways]) => [name, valuesOf(ways)] as const);
    for (const [one, values] of groups) {
      for (const [other, others] of groups) {
        if (one === other) continue;
        for (const a of values) {
          // The last value of a group was used.
          const b = others.at(-1);
          if (passes(() => compare(a, b))) expect.unreachable(`${one} equals ${other}`);
        }
      }
    }
  });
});

it('equality of fields is that of equals', () => {
  const all = Object.values(GROUPS).flatMap((ways) => ways.map((make) => make()));
  for (const type of [Key, AccountUrl, TxId]) {
    const values = all.filter((value): value is Key => value instanceof type);
    expect(values.length).toBeGreaterThan(2);
    for (const a of values) {
      for (const b of values) {
        const same = passes(() => assert.deepStrictEqual(a, b));
        expect(same, `${a} and ${b}`).toBe(a.equals(b));
      }
    }
  }
});

function passes(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}
