import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compileFunction, createContext, runInNewContext } from 'node:vm';
import * as memdb from 'accumulate-memdb';
import { hash, Key, type PartLike, TxId } from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';

const library = join(import.meta.dirname, '../../dist/lib');
const { AccountUrl } = memdb;

/** A value made by a script in a realm of its own, as jsdom and vm contexts are. */
const foreign = <T>(script: string): T => runInNewContext(script) as T;
const foreignBytes = (bytes: Uint8Array) =>
  foreign<Uint8Array>(`new Uint8Array([${Array.from(bytes)}])`);

describe('bytes of another realm are taken like any others', () => {
  const bytes = new Uint8Array(32).fill(7);

  it('are not bytes by instanceof', () => {
    expect(foreignBytes(bytes)).not.toBeInstanceOf(Uint8Array);
  });

  it('by Key.decode', () => {
    const key = Key.of('a', 1, bytes, AccountUrl.parse('a.acme'));
    expect(Key.decode(foreignBytes(key.encode())).equals(key)).toBe(true);
  });

  it('by Key.of, Key.fromHash, hash and TxId', () => {
    const account = AccountUrl.parse('a.acme');
    expect(Key.of(foreignBytes(bytes))).toEqual(Key.of(bytes));
    expect(Key.fromHash(foreignBytes(bytes))).toEqual(Key.fromHash(bytes));
    expect(hash(foreignBytes(bytes))).toEqual(hash(bytes));
    expect(new TxId(account, foreignBytes(bytes))).toEqual(new TxId(account, bytes));
  });

  it('and so is a date', () => {
    expect(Key.of(foreign<Date>('new Date(5000)'))).toEqual(Key.of(new Date(5000)));
  });
});

describe('bytes that lie about their length', () => {
  const lying = (count: number, length: number) =>
    Object.defineProperty(new Uint8Array(count).fill(7), 'length', { value: length });

  it.each([
    [31, 32],
    [33, 32],
    [40, 32],
    [0, 32],
  ])('%i bytes are never taken for a hash of %i', (count, length) => {
    for (const make of [hash, Key.fromHash]) {
      expect(() => make(lying(count, length))).toThrow(memdb.InvalidKeyError);
    }
    expect(() => new TxId(AccountUrl.parse('a'), lying(count, length))).toThrow(/32 bytes/);
  });

  it.each([0, -5, 33, 300_000])('count as what they are, not as %i bytes', (length) => {
    const true32 = new Uint8Array(32).fill(7);
    expect(hash(lying(32, length))).toEqual(hash(true32));
    expect(Key.of(lying(32, length))).toEqual(Key.of(true32));
    const key = Key.of('a', 1);
    const binary = Object.defineProperty(key.encode(), 'length', { value: length });
    expect(Key.decode(binary)).toEqual(key);
  });
});

it('keys work in a realm that has nothing but JavaScript', () => {
  const context = createContext({});
  const modules = new Map<string, { exports: object }>();
  const load = (file: string): object => {
    const known = modules.get(file);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    modules.set(file, module);
    const builtin = createRequire(file);
    const require = (name: string) =>
      name.startsWith('.') ? load(join(dirname(file), name)) : builtin(name);
    const source = readFileSync(file, 'utf8');
    const run = compileFunction(source, ['exports', 'require', 'module'], {
      filename: file,
      parsingContext: context,
    });
    run(module.exports, require, module);
    return module.exports;
  };
  const there = {
    ...load(join(library, 'record/key.js')),
    ...load(join(library, 'record/part.js')),
    ...load(join(library, 'record/url.js')),
  } as unknown as typeof memdb;

  const parts = (of: typeof memdb): PartLike[] => [
    'ä',
    -5,
    of.uint(7),
    of.hash(Buffer.alloc(32, 1)),
    Buffer.from('bytes'),
    of.AccountUrl.parse('Ünï.acme/a'),
  ];
  const key = there.Key.of(...parts(there));
  const here = Key.of(...parts(memdb));
  expect(key).not.toBeInstanceOf(Key);
  expect(key.digest().equals(here.digest())).toBe(true);
  expect(key.encode().equals(here.encode())).toBe(true);
  expect(key.stringify()).toBe(here.stringify());
  expect(there.Key.decode(here.encode()).equals(key)).toBe(true);
  // What one realm made, the other takes.
  expect(here.equals(key)).toBe(true);
  expect(key.equals(here)).toBe(true);
});
