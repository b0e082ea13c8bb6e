import { EncodingError } from 'accumulate-memdb';
import { Receipt, type ReceiptFields } from 'accumulate-memdb/healing';
import { describe, expect, it } from 'vitest';
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

describe('Receipt', () => {
  it('is valid, and not when anything in it that is hashed is changed', () => {
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

  it.each([
    ['null', null, /a receipt is not an object/],
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
  ])('of JSON with %s is an EncodingError', (_, change, message) => {
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
    expect(checker.fault({ ...receipt, end: flip(receipt.end) }, 20)).toMatch(/its end/);
    expect(checker.fault({ ...receipt, endIndex: 76 }, 20)).toMatch(/its end/);
    expect(checker.fault({ ...receipt, startIndex: 21 }, 20)).toMatch(/starts at entry 21/);
    expect(checker.fault(receipt, 21)).toMatch(/starts at entry 20/);
  });

  it('finds a receipt that is valid in itself but of another chain', () => {
    const others = new Checker((i: number) =>
      i === 5 ? Buffer.alloc(32) : (entries[i] as Buffer),
    );
    expect(receiptOf(20, 77).validate()).toBe(true);
    expect(others.fault(receiptOf(20, 77), 20)).toMatch(/its anchor is not that of 78 entries/);
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

  it('goes on from the roots of a beginning that is not known', () => {
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
