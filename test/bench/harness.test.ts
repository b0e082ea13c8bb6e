import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccountUrl, Key, uint } from 'accumulate-memdb';
import { describe, expect, test, vi } from 'vitest';
import { losses, MARGIN } from '../../bench/harness/baseline.js';
import { type Compared, cellsOf, comparedRows, isSlower } from '../../bench/harness/comparison.js';
import { Data, layoutNames, mark } from '../../bench/harness/data.js';
import { thisMachine } from '../../bench/harness/machine.js';
import { measure } from '../../bench/harness/measure.js';
import { plan } from '../../bench/harness/plan.js';
import { medianOf } from '../../bench/harness/quantile.js';
import { Random } from '../../bench/harness/random.js';
import { Results, type Spot } from '../../bench/harness/results.js';
import { TREE } from '../../bench/harness/root.js';
import { judge } from '../../bench/harness/targets.js';
import { readCompareOptions, readOptions } from '../../bench/options.js';
import { accountId, digests } from '../../bench/subjects/digest.js';
import { mapCareful, mapSimple } from '../../bench/subjects/map.js';
import { memdb } from '../../bench/subjects/memdb.js';
import { type Store, subjectNames } from '../../bench/subjects/subject.js';
import { rows, workloadOf } from '../../bench/workloads/index.js';

const spot: Spot = { row: 'get-new', layout: 'accounts', size: 1_000, subject: 'native' };

describe('the work', () => {
  test('keys by hand have the digests of the package', async () => {
    const url = AccountUrl.parse('acc://account-7.acme/tokens');
    const account = digests.account(url.toString());
    expect(accountId(url.toString())).toEqual(url.accountId());
    const careful = (await mapCareful.open()) as Store;
    const stems = careful.account(url.toString());
    for (const n of [0, 127, 128, 70_000, 2 ** 40]) {
      const key = Key.of('Account', url, 'MainChain', 'Element', uint(n));
      expect(digests.element(account, n)).toEqual(key.digest());
      expect(careful.element(stems, n)).toBe(key.digest().toString('latin1'));
    }
    const last = 2n ** 64n - 1n;
    const key = Key.of('Account', url, 'MainChain', 'States', uint(last));
    expect(digests.state(account, last)).toEqual(key.digest());
  });

  test.each(layoutNames)(
    'entries of %s differ, in keys and in values for all subjects',
    async (layout) => {
      for (const subject of [mapSimple, mapCareful, memdb('fallback')]) {
        const store = (await subject.open()) as Store;
        const data = new Data(layout, 300, store);
        expect([...data.order].sort((a, b) => a - b)).toEqual(
          Array.from({ length: 300 }, (_, n) => n),
        );
        await store.update((writer) => {
          for (const n of data.order) writer.put(data.key(n), data.value(n));
        });
        const reader = store.read();
        for (let n = 0; n < 300; n++) {
          expect(mark(reader.get(data.key(n)))).toBe(mark(data.value(n)));
          expect(reader.tryGet(data.key(300 + n))).toBeUndefined();
        }
        let entries = 0;
        await reader.forEach(() => {
          entries++;
        });
        expect(entries).toBe(300);
        await reader.discard();
        await store.close();
      }
    },
  );

  test('random numbers are the same for the same seed', () => {
    const numbers = (seed: number) => [...new Random(seed).picks(1_000, 10)];
    expect(numbers(5)).toEqual(numbers(5));
    expect(numbers(5)).not.toEqual(numbers(6));
    expect(new Set(numbers(5)).size).toBe(10);
    expect([...new Random(1).order(1_000)].sort((a, b) => a - b)).toEqual([...Array(1_000).keys()]);
  });
});

test('a mark differs between values, and ignores what is behind the end of one', () => {
  const buffer = Buffer.from([9, 8, 7, 6]);
  for (let length = 0; length < 3; length++) {
    const value = new Uint8Array(buffer);
    Object.defineProperty(value, 'length', { value: length });
    expect(mark(value)).toBe(mark(buffer.subarray(0, length)));
  }
  expect(mark(Buffer.from([0, 1]))).not.toBe(mark(Buffer.from([0, 2])));
  expect(mark(Buffer.from([0, 1, 1]))).not.toBe(mark(Buffer.from([0, 1, 2])));
});

describe('measuring', () => {
  const pace = { time: 5, warmupTime: 5 };

  test('a pass that finds something else than before is an error', async () => {
    let passes = 0;
    const task = { operations: 1, period: 1, pass: () => (passes++ < 20 ? 1 : 2) };
    await expect(measure(task, pace)).rejects.toThrow('found 2, not 1');
  });

  test('waits for passes that return a promise, and does not time what is around them', async () => {
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const figure = await measure(
      {
        operations: 10,
        period: 1,
        pass: () => wait(10).then(() => 7),
        before: () => wait(20).then(),
      },
      pace,
    );
    expect(figure.checksum).toBe(7);
    expect(figure.median).toBeGreaterThan(0.9e6);
    expect(figure.median).toBeLessThan(2e6);
  });
});

describe('results', () => {
  test('a ratio is the median of the ratios of the rounds', () => {
    const results = new Results();
    const other = { ...spot, subject: 'map-simple' } as const;
    for (const [round, [native, map]] of [
      [1, 30],
      [10, 10],
      [2, 4],
    ].entries()) {
      results.add(round, spot, { median: native as number });
      results.add(round, other, { median: map as number });
    }
    expect(results.value(spot)).toBe(2);
    expect(results.ratio(other, spot)).toBe(2);
    expect(results.ratio(other, { ...spot, size: 5 })).toBeUndefined();
    expect(medianOf([4, 1, 2, 100])).toBe(3);
  });

  test('subjects that found different things are an error', () => {
    const results = new Results();
    results.add(0, spot, { median: 1, checksum: 5 });
    expect(() => results.add(0, { ...spot, subject: 'lmdb' }, { median: 1, checksum: 6 })).toThrow(
      'lmdb found something else than native',
    );
  });

  test('a target is reached or lost, and a loss against the baseline exceeds the margin', () => {
    const results = new Results();
    results.add(0, spot, { median: 100 });
    results.add(0, { ...spot, subject: 'map-simple' }, { median: 1_100 });
    results.add(0, { ...spot, subject: 'fallback' }, { median: 1_000 });
    const cases = judge(results, rows);
    expect(cases.map(({ id, value, reached, guarded }) => [id, value, reached, guarded])).toEqual([
      ['get-new: native to map-simple (accounts, 1,000)', 11, true, true],
      ['get-new: fallback to map-simple (accounts, 1,000)', 1.1, false, true],
      ['get-new: native to fallback (accounts, 1,000)', 10, undefined, false],
    ]);

    const guarded = cases.filter((one) => one.guarded);
    const baseline = (worse: number) => ({
      machine: thisMachine(),
      ratios: Object.fromEntries(cases.map(({ id, value }) => [id, value * worse])),
    });
    expect(losses(baseline(1), cases)).toEqual([]);
    expect(losses(baseline(MARGIN * 0.99), cases)).toEqual([]);
    expect(losses(baseline(MARGIN * 1.01), cases)).toEqual(guarded);
  });

  test('a target is judged at the sizes that it names, and growth between the ends', () => {
    const results = new Results();
    for (const size of [1_000, 10, 100]) {
      const at = { ...spot, row: 'begin-discard', size };
      results.add(0, at, { median: size });
      results.add(0, { ...at, row: 'get-reused' }, { median: 1 });
      results.add(0, { ...at, row: 'get-reused', subject: 'lmdb' }, { median: size });
    }
    expect(judge(results, rows).map(({ where, value }) => [where, value])).toEqual([
      ['accounts, 10', 10],
      ['accounts, 1,000', 1_000],
      ['accounts, 1,000', 100],
    ]);
  });

  test('the workloads of a quick run measure every row that a guarded case is made of', () => {
    const results = new Results();
    for (const row of rows) {
      for (const size of [1_000, 100_000]) {
        for (const subject of subjectNames) {
          results.add(0, { ...spot, row: row.name, size, subject }, { median: 1 });
        }
      }
    }
    const guarded = judge(results, rows).filter((one) => one.guarded);
    const measured = plan(readOptions(['--quick'])).flatMap(({ workloads }) => workloads);
    expect(guarded.length).toBeGreaterThan(20);
    for (const row of guarded.flatMap((one) => one.rows)) {
      expect(measured).toContain(workloadOf(row));
    }
    expect(workloadOf('memory-heap')).toBe('memory');
  });
});

describe('a comparison of two builds', () => {
  const options = readCompareOptions(['HEAD', '--quick']);

  test('has the lower quartiles of the turns, and the median of their ratios', () => {
    const results = new Results();
    for (const [turn, [before, after]] of [
      [10, 11],
      [20, 60],
      [10, 12],
    ].entries()) {
      results.add(turn, { ...spot, build: 'old' }, { median: before as number });
      results.add(turn, { ...spot, build: 'new' }, { median: after as number });
      results.add(turn, { ...spot, row: 'threads-2', build: 'new' }, { median: 1 });
    }
    const compared = comparedRows(results);
    const ratios = [1.1, 3, 1.2];
    expect(compared).toEqual([{ ...spot, old: 10, new: 11, ratio: 1.2, ratios }]);
    expect(compared.map((one) => isSlower(one, 1.09))).toEqual([true]);
    expect(compared.map((one) => isSlower(one, 1.11))).toEqual([false]);
  });

  test('repeats only the workloads of the rows that seem slower', () => {
    const slower = [
      { ...spot, row: 'get-new' },
      { ...spot, row: 'iteration' },
    ] as Compared[];
    const again = cellsOf(slower, plan(options));
    expect(again.map(({ subject, size, workloads }) => [subject, size, workloads])).toEqual([
      ['native', 1_000, ['get-new', 'iteration']],
    ]);
  });

  test('finds that builds which do different things cannot be compared', () => {
    const results = new Results();
    results.add(0, { ...spot, build: 'old' }, { median: 1, checksum: 1 });
    expect(() => results.add(0, { ...spot, build: 'new' }, { median: 1, checksum: 2 })).toThrow(
      'native of the new build found something else than native of the old build',
    );
  });

  test('runs on the build of the other checkout', async () => {
    const other = mkdtempSync(join(tmpdir(), 'memdb-bench-'));
    mkdirSync(join(other, 'dist/lib'), { recursive: true });
    writeFileSync(join(other, 'dist/lib/index.js'), 'exports.MemDB = "the other";');
    vi.resetModules();
    vi.stubEnv(TREE, other);
    const { MemDB } = await import('../../bench/harness/package.js');
    vi.unstubAllEnvs();
    rmSync(other, { recursive: true });
    expect(MemDB).toBe('the other');
  });

  test('takes one commit, and subjects of this package', () => {
    expect(options.commit).toBe('HEAD');
    expect(new Set(plan(options).map(({ subject }) => subject))).toEqual(
      new Set(['native', 'fallback']),
    );
    expect(() => readCompareOptions([])).toThrow('name one commit');
    expect(() => readCompareOptions(['HEAD', 'main'])).toThrow('name one commit');
    expect(() => readCompareOptions(['HEAD', '--subject', 'lmdb'])).toThrow('no subject lmdb');
  });
});

describe('the command', () => {
  test('runs what is named', () => {
    const options = readOptions(['--subject', 'lmdb', '--workload', 'get-reused', '--quick']);
    expect(plan(options).map(({ subject, size, workloads }) => [subject, size, workloads])).toEqual(
      [
        ['lmdb', 1_000, ['get-reused']],
        ['lmdb', 100_000, ['get-reused']],
      ],
    );
    expect(options.rounds).toBe(3);
  });

  test('runs some workloads only if they are named', () => {
    const names = (...args: string[]) =>
      plan(readOptions(args)).flatMap(({ workloads }) => workloads);
    expect(names()).not.toContain('latency');
    expect(new Set(names('--workload', 'latency'))).toEqual(new Set(['latency']));
  });

  test.each([
    ['--subject', 'redis'],
    ['--workload', 'sleep'],
    ['--rounds', '0'],
    ['--rounds', 'many'],
    ['--fast'],
    ['--write-baseline'],
    ['get-new'],
  ])('refuses %s %s', (...args) => {
    expect(() => readOptions(args.filter((arg) => arg !== undefined))).toThrow(/.{10}/);
  });
});
