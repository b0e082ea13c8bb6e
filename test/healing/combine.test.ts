import { createHash } from 'node:crypto';
import { EncodingError, Key } from 'accumulate-memdb';
import { Chain, Receipt, type ReceiptFields } from 'accumulate-memdb/healing';
import { expect, it } from 'vitest';
import { describeEngines } from '../support/engines.js';
import { Random, runSeed } from '../support/random.js';
import { rootOf, syntheticEntries } from './model.js';

const seed = runSeed('combine');

/** The hashes from the receipt's start on, computed apart from the code under test. */
function pathOf(receipt: ReceiptFields): Buffer[] {
  const path = [Buffer.from(receipt.start)];
  for (const { right = false, hash } of receipt.entries) {
    const current = path.at(-1) as Buffer;
    const [first, second] = right ? [current, hash] : [hash, current];
    path.push(createHash('sha256').update(first).update(second).digest());
  }
  return path;
}

function leadsTo(receipt: ReceiptFields, anchor: Uint8Array | undefined): boolean {
  return (
    pathOf(receipt)
      .at(-1)
      ?.equals(anchor as Uint8Array) === true
  );
}

describeEngines('Receipt', (open) => {
  /** Receipts of three chains, each of which has the anchor of the one before among its entries. */
  function proofs(random: Random) {
    const others = syntheticEntries(1000);
    const add = (chain: Chain, low: number, high: number) =>
      chain.addEntries(others.splice(0, random.between(low, high)));
    const batch = open().begin(null, true);
    const chain = (name: string) => new Chain(batch, Key.of(name, 'MainChain'));
    const [source, partition, directory] = [chain('a'), chain('b'), chain('c')];
    add(source, 1, 40);
    const from = random.below(source.head().count);
    add(partition, 0, 600);
    const middle = partition.addEntry(source.anchor() as Buffer);
    add(partition, 0, 300);
    add(directory, 0, 20);
    const top = directory.addEntry(partition.anchor() as Buffer);
    add(directory, 0, 20);
    const receipts = [source.receipt(from), partition.receipt(middle), directory.receipt(top)];
    return { receipts: receipts as [Receipt, Receipt, Receipt], source, directory };
  }

  it('continues another proof, to the last anchor', () => {
    const random = new Random(seed);
    for (let n = 0; n < 10; n++) {
      const { receipts, source, directory } = proofs(random);
      const [a, b, c] = receipts;
      const all = a.combine(b, c);
      expect(leadsTo(a, source.anchor())).toBe(true);
      expect(leadsTo(all, directory.anchor())).toBe(true);
      expect(all.validate()).toBe(true);
      expect(all.toJSON()).toEqual({
        ...a.toJSON(),
        anchor: c.toJSON().anchor,
        entries: receipts.flatMap((receipt) => receipt.toJSON().entries),
      });
      expect(Receipt.combine(a, b, c)).toEqual(all);
      expect(a.combine(b).combine(c)).toEqual(all);
      expect(a.combine(b.combine(c))).toEqual(all);
      expect(a.combine()).toEqual(a);
    }
  });

  it('continues a proof of any length', () => {
    const { receipts } = proofs(new Random(seed + 5));
    const [a, b] = receipts;
    const entries = Array.from({ length: 300_000 }, () => ({ hash: Buffer.alloc(32) }));
    const all = a.combine({ ...b, entries });
    expect(all.entries).toHaveLength(a.entries.length + 300_000);
  });

  it('cannot be continued by a proof that starts elsewhere, and is left unchanged', () => {
    const { receipts } = proofs(new Random(seed + 1));
    const [a, b, c] = receipts;
    const before = JSON.stringify(receipts);
    expect(() => a.combine(c)).toThrow(EncodingError);
    expect(() => a.combine(b, b)).toThrow(
      `receipt 2 starts with ${b.toJSON().start}, the anchor of the one before is ${b.toJSON().anchor}`,
    );
    expect(() => a.combine(b, a)).toThrow(/cannot be combined/);
    expect(() => a.combine({ ...b, start: b.start.subarray(1) })).toThrow(EncodingError);
    expect(() => a.combine({ ...b, entries: null as never })).toThrow(EncodingError);
    for (const other of [null, undefined, 7, 'receipt', {}]) {
      expect(() => a.combine(other as never)).toThrow(EncodingError);
    }
    expect(JSON.stringify(receipts)).toBe(before);
  });

  it('is not valid if one of those that it is combined from is not', () => {
    const { receipts } = proofs(new Random(seed + 2));
    const [a, b, c] = receipts;
    const wrong = new Receipt({ ...b, entries: [...b.entries, { hash: Buffer.alloc(32) }] });
    expect(a.combine(wrong, c).validate()).toBe(false);
    const short = new Receipt({ ...b, entries: [{ hash: Buffer.alloc(31) }] });
    expect(a.combine(short, c).validate()).toBe(false);
  });

  it('contains every proof whose path is part of its own, and no other', () => {
    const random = new Random(seed + 3);
    for (let n = 0; n < 5; n++) {
      const { receipts } = proofs(random);
      const [a, b, c] = receipts;
      const all = a.combine(b, c);
      for (const part of [all, a, b, c, a.combine(b), b.combine(c)]) {
        expect(all.contains(part)).toBe(true);
        expect(part.contains(all)).toBe(pathOf(part).length === pathOf(all).length);
      }
      const path = pathOf(all);
      for (let i = 0; i < path.length; i++) {
        const start = path[i] as Buffer;
        const k = random.between(i, path.length - 1);
        const entries = all.entries.slice(i, k);
        const part = new Receipt({ ...all, start, entries, anchor: path[k] as Buffer });
        expect(part.validate()).toBe(true);
        expect(all.contains(part), `from ${i} to ${k}`).toBe(true);
        if (k === i) continue;
        const [first, ...rest] = entries;
        const flipped = [{ hash: first?.hash as Buffer, right: !first?.right }, ...rest];
        expect(all.contains({ ...part, entries: flipped })).toBe(false);
      }
      const longer = [...c.entries, { hash: Buffer.alloc(32) }];
      expect(all.contains({ ...c, entries: longer })).toBe(false);
      expect(all.contains({ ...a, start: Buffer.alloc(32, 5) })).toBe(false);
      // An entry that is the whole chain is its own anchor, where the next proof starts.
      expect(b.contains(a)).toBe(a.entries.length === 0);
    }
  });

  it('contains the path of a later entry from where the two meet', () => {
    const chain = new Chain(open().begin(null, true), Key.of('a'));
    const entries = syntheticEntries(16);
    chain.addEntries(entries);
    const half = {
      start: rootOf(entries.slice(0, 8)),
      entries: [{ right: true, hash: rootOf(entries.slice(8)) }],
    };
    for (let i = 0; i < 16; i++) {
      expect(chain.receipt(i).contains({ ...chain.receipt(i), ...half })).toBe(i < 8);
    }
    expect(chain.receipt(0).contains(chain.receipt(1))).toBe(false);
  });

  it('contains no other and is contained in no other if it is malformed', () => {
    const { receipts } = proofs(new Random(seed + 4));
    const [a] = receipts;
    const malformed = [
      { ...a, start: a.start.subarray(1) },
      { ...a, start: 7 as never },
      { ...a, entries: null as never },
      { ...a, entries: [{ hash: Buffer.alloc(33) }] },
      { ...a, entries: [null as never] },
    ];
    for (const other of malformed) {
      expect(a.contains(other)).toBe(false);
      expect(new Receipt(other).contains(a)).toBe(false);
      expect(new Receipt(other).contains(other)).toBe(false);
    }
    for (const other of [null, undefined, 7, {}]) expect(a.contains(other as never)).toBe(false);
  });
});
