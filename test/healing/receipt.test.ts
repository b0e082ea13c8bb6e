import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { EncodingError, InvalidKeyError } from 'accumulate-memdb';
import {
  Receipt,
  type ReceiptEntry,
  type ReceiptFields,
  type ReceiptJSON,
} from 'accumulate-memdb/healing';
import { describe, expect, it } from 'vitest';
import { combine } from '../../dist/lib/healing/hash.js';
import { Checker } from '../../dist/lib/healing/job/checker.js';
import { Dag } from '../../dist/lib/healing/job/dag.js';
import { pathOf, pendingOf, rootOf, syntheticEntries } from './model.js';

const entries = syntheticEntries(90);

function receiptOf(from: number, to: number): Receipt {
  const upTo = entries.slice(0, to + 1);
  return Receipt.fromJSON({
    start: entries[from]?.toString('hex'),
    startIndex: from,
    end: entries[to]?.toString('hex'),
    endIndex: to,
    anchor: rootOf(upTo).toString('hex'),
    entries: pathOf(upTo, from),
  });
}

function flip(bytes: Uint8Array): Buffer {
  const changed = Buffer.from(bytes);
  changed[17] = (changed[17] as number) ^ 1;
  return changed;
}

/** The receipt with each single thing in it changed. */
function* tampered(receipt: Receipt): Generator<[what: string, fields: ReceiptFields]> {
  const fields: ReceiptFields = { ...receipt };
  yield ['start', { ...fields, start: flip(receipt.start) }];
  yield ['anchor', { ...fields, anchor: flip(receipt.anchor) }];
  for (const [i, step] of receipt.entries.entries()) {
    const { hash, right = false } = step;
    const others = (changed: ReceiptFields['entries']) => ({ ...fields, entries: changed });
    yield [`hash ${i}`, others(receipt.entries.with(i, { right, hash: flip(hash) }))];
    yield [`side ${i}`, others(receipt.entries.with(i, { right: !right, hash }))];
    yield [`without ${i}`, others(receipt.entries.toSpliced(i, 1))];
    yield [`twice ${i}`, others(receipt.entries.toSpliced(i, 0, step))];
  }
}

/** The receipt with each thing in it that is hashed cut or extended to `size` bytes. */
function* resized(
  receipt: Receipt,
  size: number,
  finish = (bytes: Uint8Array) => bytes,
): Generator<[what: string, fields: ReceiptFields]> {
  const resize = (bytes: Uint8Array) =>
    finish(Buffer.concat([bytes, Buffer.alloc(100)]).subarray(0, size));
  const fields: ReceiptFields = { ...receipt };
  yield ['start', { ...fields, start: resize(receipt.start) }];
  yield ['anchor', { ...fields, anchor: resize(receipt.anchor) }];
  for (const [i, { hash, right = false }] of receipt.entries.entries()) {
    const entries = receipt.entries.with(i, { right, hash: resize(hash) });
    yield [`hash ${i}`, { ...fields, entries }];
  }
}

/** The bytes, which say that they have another length. */
function lying(bytes: Uint8Array, length: number): Uint8Array {
  return Object.defineProperty(bytes, 'length', { value: length });
}

describe('Receipt', () => {
  it('is valid, and is not if anything that is hashed is changed', () => {
    for (const [from, to] of [
      [0, 0],
      [0, 1],
      [1, 1],
      [3, 70],
      [64, 89],
      [88, 88],
    ] as const) {
      const receipt = receiptOf(from, to);
      expect(receipt.validate()).toBe(true);
      for (const [what, fields] of tampered(receipt)) {
        expect(new Receipt(fields).validate(), `${from} to ${to}, ${what}`).toBe(false);
      }
    }
  });

  it('depends on its own bytes alone, whatever was validated before it', () => {
    const good = receiptOf(3, 70);
    for (const size of [0, 1, 31, 33, 64, 100]) {
      for (const [what, fields] of resized(good, size)) {
        expect(good.validate()).toBe(true);
        expect(new Receipt(fields).validate(), `${what} of ${size} bytes`).toBe(false);
      }
    }
  });

  it('is not made valid by bytes of an earlier one', () => {
    const left = receiptOf(1, 1).entries[0] as ReceiptEntry;
    const good = receiptOf(0, 1);
    const short = { ...good, entries: [{ right: true, hash: new Uint8Array(0) }] };
    expect(good.validate()).toBe(true);
    expect(new Receipt(short).validate()).toBe(false);
    // Nor is one that begins with the right bytes cut to the right length.
    const long = { right: false, hash: Buffer.concat([left.hash, Buffer.alloc(32)]) };
    expect(new Receipt({ ...receiptOf(1, 1), entries: [long] }).validate()).toBe(false);
  });

  it('is not valid if an array has another length than it says', () => {
    const good = receiptOf(3, 70);
    for (const size of [0, 5, 31, 33]) {
      for (const [what, fields] of resized(good, size, (bytes) => lying(bytes, 32))) {
        expect(good.validate()).toBe(true);
        expect(new Receipt(fields).validate(), `${what} of ${size} bytes`).toBe(false);
      }
    }
    const start = lying(Buffer.from(good.start), 5);
    expect(new Receipt({ ...good, start }).validate()).toBe(true);
  });

  it.each([
    undefined,
    null,
    '00',
    7,
    [],
    {},
    Object.create(Uint8Array.prototype),
    new Uint16Array(32),
    new ArrayBuffer(32),
    new DataView(new ArrayBuffer(32)),
  ])('is not valid with %o in place of bytes, and throws only typed errors', (value) => {
    const good = receiptOf(3, 70);
    const bytes = value as Uint8Array;
    const malformed: Partial<ReceiptFields>[] = [
      { start: bytes },
      { anchor: bytes },
      { entries: [{ hash: bytes, right: true }] },
      { entries: [value as ReceiptEntry] },
    ];
    if (!Array.isArray(value)) malformed.push({ entries: value as ReceiptEntry[] });
    for (const change of malformed) {
      const receipt = new Receipt({ ...good, ...change });
      expect(receipt.validate()).toBe(false);
      expect(receipt.validate({ relaxed: true })).toBe(false);
      expect(() => receipt.toJSON()).toThrow(EncodingError);
    }
  });

  it('copies the arrays that it is made of', () => {
    const good = receiptOf(3, 70);
    const start = Buffer.from(good.start);
    const entries = good.entries.map(({ hash, right = false }) => ({
      hash: Buffer.from(hash),
      right,
    }));
    const receipt = new Receipt({ ...good, start, entries });
    start.fill(0);
    for (const { hash } of entries) hash.fill(0);
    entries.length = 0;
    expect(receipt.validate()).toBe(true);
    expect(receipt).toEqual(good);
    expect(receipt).not.toEqual(receiptOf(3, 71));
  });

  it('is not valid with a side that is not a boolean', () => {
    const good = receiptOf(3, 70);
    const [first, ...others] = good.entries as [ReceiptEntry, ...ReceiptEntry[]];
    for (const right of ['false', 1, 0, {}]) {
      const entries = [{ ...first, right: right as boolean }, ...others];
      expect(new Receipt({ ...good, entries }).validate()).toBe(false);
    }
  });

  it('is validated in the same way with bytes of another realm', () => {
    const foreign = (bytes: Uint8Array): Uint8Array =>
      runInNewContext('Uint8Array.from(bytes)', { bytes: [...bytes] });
    const good = receiptOf(3, 70);
    const receipt = new Receipt({
      ...good,
      start: foreign(good.start),
      anchor: foreign(good.anchor),
      entries: good.entries.map(({ hash, right = false }) => ({ hash: foreign(hash), right })),
    });
    expect(foreign(good.start)).not.toBeInstanceOf(Uint8Array);
    expect(receipt.validate()).toBe(true);
    expect(receipt.toJSON()).toEqual(good.toJSON());
    const {
      entries: [first],
    } = receipt;
    const short = [{ right: first?.right ?? false, hash: foreign(Buffer.alloc(31)) }];
    expect(new Receipt({ ...receipt, entries: short }).validate()).toBe(false);
  });

  it('accepts hashes of any length if relaxed, and hashes each whole', () => {
    const sha = (...parts: Uint8Array[]) =>
      createHash('sha256').update(Buffer.concat(parts)).digest();
    const start = Buffer.from('a start of 20 bytes.');
    const [left, right] = [Buffer.alloc(100, 1), Buffer.alloc(0)];
    const fields: ReceiptFields = {
      ...receiptOf(0, 1),
      start,
      anchor: sha(left, sha(start, right)),
      entries: [{ right: true, hash: right }, { hash: left }],
    };
    expect(new Receipt(fields).validate({ relaxed: true })).toBe(true);
    expect(new Receipt(fields).validate()).toBe(false);
    expect(new Receipt(fields).validate({ relaxed: false })).toBe(false);
    const cut = [{ right: true, hash: right }, { hash: left.subarray(1) }];
    expect(new Receipt({ ...fields, entries: cut }).validate({ relaxed: true })).toBe(false);
    const short = { ...fields, anchor: fields.anchor.subarray(1) };
    expect(new Receipt(short).validate({ relaxed: true })).toBe(false);
    expect(receiptOf(3, 70).validate({ relaxed: true })).toBe(true);
  });

  it('is read from the JSON that the network writes, and validates', () => {
    const path = new URL('../vectors/network-receipts.json', import.meta.url);
    const list = JSON.parse(readFileSync(path, 'utf8')) as Partial<ReceiptJSON>[];
    expect(list.length).toBeGreaterThan(10);
    for (const json of list) {
      const receipt = Receipt.fromJSON(json);
      expect(receipt.validate()).toBe(true);
      const { startIndex = 0, endIndex = 0, ...others } = json;
      expect(receipt.toJSON()).toEqual({ ...others, startIndex, endIndex });
      expect(receipt.end === undefined).toBe(!('end' in json));
    }
    expect(list.some((json) => !('end' in json))).toBe(true);
    expect(list.some((json) => !('startIndex' in json))).toBe(true);
  });

  it('is read from JSON that lacks what is zero or has null there', () => {
    const [hash] = entries as [Buffer];
    const start = hash.toString('hex');
    const nulls = { end: null, startIndex: null, endIndex: null, entries: null };
    for (const json of [
      { start, anchor: start },
      { start, anchor: start, ...nulls },
    ]) {
      const receipt = Receipt.fromJSON(json);
      expect(receipt).toMatchObject({ startIndex: 0, endIndex: 0, entries: [], end: undefined });
      expect(receipt.validate()).toBe(true);
      expect(receipt.toJSON()).toEqual({
        start,
        anchor: start,
        startIndex: 0,
        endIndex: 0,
        entries: [],
      });
    }
    const step = { hash: start, right: null };
    expect(Receipt.fromJSON({ start, anchor: start, entries: [step] }).toJSON().entries).toEqual([
      { hash: start },
    ]);
  });

  it.each([
    ['null', null, /a receipt is not an object/],
    ['no start', { start: undefined }, /start is not a hash/],
    ['a null anchor', { anchor: null }, /anchor is not a hash/],
    ['a short end', { end: '' }, /end is not a hash/],
    ['an index of text', { startIndex: '0' }, /startIndex is not an index/],
    ['a null step', { entries: [null] }, /entries\[0\] is not an object/],
    ['a step without a hash', { entries: [{}] }, /entries\[0\]\.hash is not a hash/],
    ['no entries', { entries: 1 }, /entries is not a list/],
    ['a short start', { start: '00', entries: [] }, /start is not a hash/],
    ['a negative index', { startIndex: -1 }, /startIndex is not an index/],
    ['a fraction', { endIndex: 0.5 }, /endIndex is not an index/],
    [
      'an odd hash',
      { entries: [{ hash: `${'0'.repeat(63)}g` }] },
      /entries\[0\]\.hash is not a hash/,
    ],
    ['an odd side', { entries: [{ hash: '0'.repeat(64), right: 1 }] }, /entries\[0\]\.right/],
    ['an odd step', { entries: [7] }, /entries\[0\] is not an object/],
  ])('from JSON with %s is an EncodingError', (_, change, message) => {
    const json = change && { ...receiptOf(1, 5).toJSON(), ...change };
    expect(() => Receipt.fromJSON(json)).toThrow(EncodingError);
    expect(() => Receipt.fromJSON(json)).toThrow(message);
  });
});

describe('Checker', () => {
  const checker = new Checker((i: number) => entries[i] as Buffer);

  it('accepts what is right', () => {
    for (let to = 0; to < 90; to += 7) {
      for (let from = 0; from <= to; from += 5) {
        expect(checker.fault(receiptOf(from, to), from)).toBeUndefined();
      }
    }
  });

  it('finds every fault', () => {
    const receipt = receiptOf(20, 77);
    for (const [what, fields] of tampered(receipt)) {
      expect(checker.fault(fields, 20), what).toBeTypeOf('string');
    }
    expect(checker.fault({ ...receipt, end: flip(receipt.end as Buffer) }, 20)).toMatch(/its end/);
    expect(checker.fault({ ...receipt, end: undefined }, 20)).toMatch(/its end/);
    expect(checker.fault({ ...receipt, endIndex: 76 }, 20)).toMatch(/its end/);
    expect(checker.fault({ ...receipt, startIndex: 21 }, 20)).toMatch(/starts at entry 21/);
    expect(checker.fault(receipt, 21)).toMatch(/starts at entry 20/);
    for (const size of [0, 31, 33]) {
      for (const finish of [undefined, (bytes: Uint8Array) => lying(bytes, 32)]) {
        for (const [what, fields] of resized(receipt, size, finish)) {
          expect(checker.fault(receipt, 20)).toBeUndefined();
          expect(checker.fault(fields, 20), what).toBeTypeOf('string');
        }
      }
    }
  });

  it('rejects a receipt that is valid in itself but of another chain', () => {
    const others = new Checker((i: number) =>
      i === 5 ? Buffer.alloc(32) : (entries[i] as Buffer),
    );
    expect(receiptOf(20, 77).validate()).toBe(true);
    expect(others.fault(receiptOf(20, 77), 20)).toMatch(/its anchor is not that of 78 entries/);
  });
});

describe('combine', () => {
  it('refuses what is not 32 bytes, and returns memory of its own', () => {
    const [a, b] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const joined = combine(a, b);
    expect(joined).toEqual(rootOf([a, b]));
    for (const size of [0, 31, 33, 64]) {
      expect(() => combine(Buffer.alloc(size), b)).toThrow(InvalidKeyError);
      expect(() => combine(a, Buffer.alloc(size))).toThrow(InvalidKeyError);
    }
    combine(b, a);
    expect(joined).toEqual(rootOf([a, b]));
  });
});

describe('Dag', () => {
  it('has the roots of the model, in any order', () => {
    const dag = new Dag((i: number) => entries[i] as Buffer);
    for (const count of [1, 90, 2, 3, 64, 65, 31, 32, 33, 16, 17, 89]) {
      expect(dag.root(count)).toEqual(rootOf(entries.slice(0, count)));
    }
    expect(() => dag.root(0)).toThrow(RangeError);
  });

  it('continues from the roots of entries that are not known', () => {
    for (const count of [8, 16, 40, 64, 80]) {
      const roots = pendingOf(entries.slice(0, count));
      const dag = new Dag(
        (i: number) => {
          if (i < count) throw new Error(`entry ${i}`);
          return entries[i] as Buffer;
        },
        { count, roots },
      );
      for (let more = 1; more < 8; more++) {
        expect(dag.root(count + more)).toEqual(rootOf(entries.slice(0, count + more)));
      }
    }
  });
});
