import { createRequire } from 'node:module';
import { join, sep } from 'node:path';
import * as memdb from 'accumulate-memdb';
import { AccountUrl, hash, Key, Time, TxId, uint } from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { checkKey } from '../../dist/lib/record/key.js';

const other = secondCopy();

/** The package once more, as a second installation of it in node_modules would be loaded. */
function secondCopy(): typeof memdb {
  const require = createRequire(import.meta.url);
  const library = join(import.meta.dirname, '../../dist/lib') + sep;
  const ours = Object.entries(require.cache).filter(([file]) => file.startsWith(library));
  for (const [file] of ours) delete require.cache[file];
  const copy = require(`${library}index.js`) as typeof memdb;
  for (const file of Object.keys(require.cache)) {
    if (file.startsWith(library)) delete require.cache[file];
  }
  for (const [file, module] of ours) require.cache[file] = module;
  return copy;
}

const bytes = Buffer.alloc(32, 7);
const url = 'acc://u%40:p@A.acme/%2F%20x?q%20#f%25';

/** Every type of part, made by a copy of the package. */
const parts = (copy: typeof memdb): memdb.PartLike[] => [
  'text',
  -5,
  2n ** 62n,
  bytes,
  null,
  copy.uint(2n ** 63n),
  copy.hash(bytes),
  copy.AccountUrl.parse(url),
];
const dated = (copy: typeof memdb): memdb.PartLike[] => [
  new copy.Time(5),
  new copy.TxId(copy.AccountUrl.parse(url), bytes),
];

it('the other copy is another one', () => {
  expect(other.Key).not.toBe(Key);
  expect(other.Key.of('a')).not.toBeInstanceOf(Key);
});

it('parts of another copy are parts', () => {
  expect(Key.of(...parts(other))).toEqual(Key.of(...parts(memdb)));
  expect(Key.of('a').append(...dated(other))).toEqual(Key.of('a', ...dated(memdb)));
  const account = other.AccountUrl.parse(url);
  expect(new TxId(account, bytes)).toEqual(new TxId(AccountUrl.parse(url), bytes));
  expect(AccountUrl.parse(url).equals(account)).toBe(true);
  const kept = Key.of(...parts(other), ...dated(other));
  const types = [
    uint(1),
    hash(bytes),
    AccountUrl.parse('a'),
    new Time(5),
    TxId.parse(`${'07'.repeat(32)}@a`),
  ];
  expect([5, 6, 7, 8, 9].map((i) => kept.at(i)?.constructor)).toEqual(
    types.map((t) => t.constructor),
  );
});

it('keys of another copy are keys', () => {
  for (const make of [
    (copy: typeof memdb) => copy.Key.of(),
    (copy: typeof memdb) => copy.Key.of(...parts(copy)),
    (copy: typeof memdb) => copy.Key.of('a', ...dated(copy)),
    (copy: typeof memdb) => copy.Key.fromHash(bytes),
    (copy: typeof memdb) => copy.Key.fromHash(Buffer.alloc(32)).append('a'),
  ]) {
    const [foreign, own] = [make(other), make(memdb)];
    expect(checkKey(foreign)).toEqual(own);
    expect(checkKey(foreign)).toBeInstanceOf(Key);
    expect(own.equals(foreign)).toBe(true);
    expect(own.compare(foreign)).toBe(0);
    expect(Key.of().appendKey(foreign)).toEqual(own);
  }
  expect(Key.of('b').equals(other.Key.of('a'))).toBe(false);
});

it('what only looks like part of another copy is refused', () => {
  const forged = (description: unknown) =>
    ({ [Symbol.for('accumulate-memdb.part')]: () => description }) as unknown as memdb.PartLike;
  for (const description of [
    { type: 'uint', value: -1 },
    { type: 'hash', bytes: 'a'.repeat(32) },
    { type: 'url', text: 'acc://a b' },
    { type: 'time', seconds: 1.5 },
    { type: 'txid', account: 'a.acme', hash: bytes.subarray(1) },
    { type: 'of tomorrow' },
  ]) {
    expect(() => Key.of(forged(description))).toThrow(memdb.InvalidKeyError);
  }
});
