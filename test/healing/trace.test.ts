import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { AccountUrl, type Batch, Key, type MemDB } from 'accumulate-memdb';
import { Chain, Receipt, type ReceiptJSON } from 'accumulate-memdb/healing';
import { expect, it } from 'vitest';
import { describeEngines } from '../support/engines.js';
import { syntheticEntries } from './model.js';

const vectors = new URL('../vectors/', import.meta.url);
const expected: { account: string; entries: number; markPower: number; receipts: ReceiptJSON[] } =
  JSON.parse(readFileSync(new URL('healing-receipts.json', vectors), 'utf8'));

interface Operation {
  op: string;
  batch: number;
  /** The text of the key or, of a begin, of the prefix: a parsed one has lost digits of 2^64 - 1. */
  key: string;
  value: string | boolean | null;
}

function parse(line: string): Operation {
  const match = /^\["(\w+)",(\d+)(?:,(null|\[[^\]]*\]),(.*))?\]$/.exec(line);
  if (!match) throw new Error(line);
  const [, op = '', batch, key = 'null', value = 'null'] = match;
  return { op, batch: Number(batch), key, value: JSON.parse(value) };
}

const trace: Operation[] = gunzipSync(readFileSync(new URL('healing-trace.jsonl.gz', vectors)))
  .toString()
  .trimEnd()
  .split('\n')
  .map(parse);

/** Repeats what the original did. Returns how many reads were compared. */
function replay(db: MemDB): number {
  const batches = new Map<number, Batch>();
  let reads = 0;
  for (const [line, { op, batch: id, key, value }] of trace.entries()) {
    if (op === 'begin') {
      batches.set(id, db.begin(key === 'null' ? null : Key.parse(key), value === true));
      continue;
    }
    const batch = batches.get(id) as Batch;
    if (op === 'get') {
      const read = batch.tryGet(Key.parse(key))?.toString('hex') ?? null;
      expect(read, `line ${line + 1}`).toBe(value);
      reads++;
    } else if (op === 'put') batch.put(Key.parse(key), Buffer.from(value as string, 'hex'));
    else if (op === 'commit') batch.commit();
    else if (op === 'discard') batch.discard();
    else throw new Error(`line ${line + 1}: ${op}`);
  }
  return reads;
}

function contents(db: MemDB): Record<string, string> {
  return db.view((batch) =>
    Object.fromEntries(
      Array.from(batch, ([key, value]) => [key.stringify(), value.toString('hex')] as const).sort(
        ([a], [b]) => (a < b ? -1 : 1),
      ),
    ),
  );
}

const key = Key.of('Account', AccountUrl.parse(expected.account), 'MainChain');

/** A batch that counts what is asked of it in `counts`. */
function counted(batch: Batch, counts: Record<string, number>): Batch {
  return new Proxy(batch, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        counts[String(name)] = (counts[String(name)] ?? 0) + 1;
        return member.apply(target, args);
      };
    },
  });
}

function build(db: MemDB, add: (chain: Chain, block: Buffer[]) => void): void {
  const entries = syntheticEntries(expected.entries);
  for (let start = 0; start < entries.length; start += 100) {
    const batch = db.begin(null, true);
    add(new Chain(batch, key, expected.markPower), entries.slice(start, start + 100));
    batch.commit();
  }
}

describeEngines('the recorded healing trace', (open) => {
  it('reads what the original read at every step', () => {
    expect(replay(open())).toBe(3008);
  });

  it.each([
    ['by blocks', (chain: Chain, block: Buffer[]) => void chain.addEntries(block)],
    [
      'one by one',
      (chain: Chain, block: Buffer[]) => {
        for (const entry of block) chain.addEntry(entry);
      },
    ],
    [
      'as unique entries',
      (chain: Chain, block: Buffer[]) => void chain.addEntries([...block, ...block], true),
    ],
  ])('Chain writes the same records, byte for byte, %s', (_, add) => {
    const [original, ours] = [open(), open()];
    replay(original);
    build(ours, add);
    expect(contents(ours)).toEqual(contents(original));
  });

  it('Chain proves the same 40 receipts', () => {
    const db = open();
    replay(db);
    const receipts = expected.receipts.map(({ startIndex, endIndex }) =>
      db.view((batch) => new Chain(batch, key).receipt(startIndex, endIndex)),
    );
    expect(receipts).toHaveLength(40);
    expect(receipts.map((receipt) => receipt.validate())).toEqual(Array(40).fill(true));
    expect(JSON.stringify(receipts)).toBe(JSON.stringify(expected.receipts));
    expect(JSON.stringify(expected.receipts.map(Receipt.fromJSON))).toBe(
      JSON.stringify(expected.receipts),
    );
  });

  it('Chain asks less of the store than the original did', () => {
    const db = open();
    const counts: Record<string, number> = {};
    const entries = syntheticEntries(expected.entries);
    for (let start = 0; start < entries.length; start += 100) {
      const batch = counted(db.begin(null, true), counts);
      new Chain(batch, key).addEntries(entries.slice(start, start + 100));
      batch.commit();
    }
    expect(counts.put).toBe(trace.filter(({ op }) => op === 'put').length);
    const chain = new Chain(db.begin(), key);
    for (const { startIndex, endIndex } of expected.receipts) {
      const batch = counted(db.begin(), counts);
      chain.over(batch).receipt(startIndex, endIndex);
      batch.discard();
    }
    const reads = (counts.get ?? 0) + (counts.tryGet ?? 0) + (counts.has ?? 0);
    expect(reads).toBeGreaterThan(1200);
    expect(reads).toBeLessThan(trace.filter(({ op }) => op === 'get').length);
  });
});
