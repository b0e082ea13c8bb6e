import { EncodingError, Key, uint } from 'accumulate-memdb';
import { Chain, chainsIn, missing, readRecords, type StoredChain } from 'accumulate-memdb/healing';
import { expect, it } from 'vitest';
import { describeEngines } from '../support/engines.js';
import { Random, runSeed } from '../support/random.js';
import { dataFile } from './files.js';
import { rootOf, syntheticEntries } from './model.js';

const seed = runSeed('inventory');

/** The ranges of the numbers that `has` accepts, of 0 to `count - 1`. */
function rangesOf(count: number, has: (i: number) => boolean): { from: number; to: number }[] {
  const ranges: { from: number; to: number }[] = [];
  for (let i = 0; i < count; i++) {
    if (!has(i)) continue;
    const last = ranges.at(-1);
    if (last?.to === i) last.to++;
    else ranges.push({ from: i, to: i + 1 });
  }
  return ranges;
}

describeEngines('The chains of a store', (open) => {
  it('are all listed, in the order of their keys', () => {
    const batch = open().begin(null, true);
    expect(chainsIn(batch)).toEqual([]);
    const keys = ['c', 'a', 'b'].map((name) => Key.of('Account', name, 'MainChain'));
    const entries = syntheticEntries(700);
    for (const [i, key] of keys.entries())
      new Chain(batch, key).addEntries(entries.slice(0, 300 * i));
    new Chain(batch, keys[1] as Key).addEntries(entries.slice(300, 320));
    batch.put(Key.of('Account', 'a', 'Main'), 'no chain');
    batch.put(Key.of('Account', 'd', 'MainChain', 'Element', uint(3)), 'without a head');
    const described = (name: string, height: number): StoredChain => {
      const whole = height === 0 ? [] : [{ from: 0, to: height }];
      return {
        key: Key.of('Account', name, 'MainChain'),
        height,
        anchor: height === 0 ? undefined : rootOf(entries.slice(0, height)),
        present: whole,
        provable: { from: 0, to: height },
      };
    };
    // A chain without entries has no head.
    expect(chainsIn(batch)).toEqual([described('a', 320), described('b', 600)]);
    expect(chainsIn(batch).map(missing)).toEqual([[], []]);
  });

  it('have the entries that their records and states have, and miss the others', () => {
    const random = new Random(seed);
    for (let n = 0; n < 12; n++) {
      const batch = open().begin(null, true);
      const markPower = random.pick([2, 3, 4]);
      const setSize = 2 ** markPower;
      const height = random.between(1, 100);
      const key = Key.of('x', n);
      const chain = new Chain(batch, key, markPower);
      chain.addEntries(syntheticEntries(height));
      const keep = random.pick([0.1, 0.5, 0.9]);
      const elements = new Set<number>();
      const marks = new Set<number>();
      for (let i = 0; i < height; i++) {
        if (random.chance(keep)) elements.add(i);
        else batch.delete(key.append('Element', uint(i)));
        if ((i + 1) % setSize !== 0) continue;
        if (random.chance(keep)) marks.add(i + 1);
        else batch.delete(key.append('States', uint(i)));
      }
      const setEnd = (i: number) => (Math.floor(i / setSize) + 1) * setSize;
      const lastSet = height - (((height - 1) % setSize) + 1);
      const has = (i: number) => elements.has(i) || marks.has(setEnd(i)) || i >= lastSet;
      const [found] = chainsIn(batch, markPower) as [StoredChain];
      expect(found.height).toBe(height);
      expect(found.present).toEqual(rangesOf(height, has));
      expect(missing(found)).toEqual(rangesOf(height, (i) => !has(i)));
      for (let i = found.provable.from; i < height; i++) {
        expect(chain.receipt(i).validate()).toBe(true);
      }
      for (const { from, to } of missing(found)) {
        for (let i = from; i < to; i++) expect(() => chain.entry(i)).toThrow(/not found/);
      }
    }
  });

  it('take time by what is stored, not by what a head claims', () => {
    const batch = open().begin(null, true);
    const key = Key.of('x');
    const chain = new Chain(batch, key);
    chain.addEntries(syntheticEntries(3));
    const height = 2 ** 40;
    // A state of 2^40 entries: one root, and no list.
    const count = Buffer.from('808080808040', 'hex');
    batch.put(
      key.append('Head'),
      Buffer.concat([count, Buffer.of(32), Buffer.alloc(32), Buffer.of(0)]),
    );
    const [found] = chainsIn(batch) as [StoredChain];
    expect(found).toMatchObject({
      height,
      present: [{ from: 0, to: 3 }],
      provable: { from: height, to: height },
    });
    expect(missing(found)).toEqual([{ from: 3, to: height }]);
    batch.put(key.append('Head'), 'damaged');
    expect(() => chainsIn(batch)).toThrow(EncodingError);
    expect(() => chainsIn(batch)).toThrow(/^x\.Head: /);
  });

  it('of the real files are those of the original', async () => {
    for (const [name, count, gaps] of [
      ['database-v1.0.0.json', 46, 0],
      ['checkpoint-mainnet.snap', 78, undefined],
    ] as const) {
      const path = dataFile(name);
      if (!path) continue;
      const batch = open().begin(null, true);
      for await (const { key, value } of readRecords(path)) batch.put(key, value);
      const chains = chainsIn(batch);
      expect(chains).toHaveLength(count);
      const missed = chains.flatMap(missing).length;
      if (gaps === undefined) expect(missed).toBeGreaterThan(0);
      else expect(missed).toBe(gaps);
    }
  });
});
