import { AccountUrl, Key, uint } from 'accumulate-memdb';
import { describe, expect, test } from 'vitest';
import { losses, MARGIN } from '../../bench/baseline.js';
import { Data, layoutNames, mark } from '../../bench/data.js';
import { thisMachine } from '../../bench/machine.js';
import { measure } from '../../bench/measure.js';
import { readOptions } from '../../bench/options.js';
import { plan } from '../../bench/plan.js';
import { Random } from '../../bench/random.js';
import { medianOf, Results, type Spot } from '../../bench/results.js';
import { accountId, digests } from '../../bench/subjects/digest.js';
import { map } from '../../bench/subjects/map.js';
import { memdb } from '../../bench/subjects/memdb.js';
import { type Store, subjectNames } from '../../bench/subjects/subject.js';
import { guards, judge, QUICK_SIZES } from '../../bench/targets.js';
import { rows, workloadNames, workloadOf } from '../../bench/workloads/index.js';

const spot: Spot = { row: 'get-fresh', layout: 'accounts', size: 1_000, subject: 'native' };

describe('the work', () => {
  test('keys by hand have the digests of the package', () => {
    const url = AccountUrl.parse('acc://account-7.acme/tokens');
    const account = digests.account(url.toString());
    expect(accountId(url.toString())).toEqual(url.accountId());
    for (const n of [0, 127, 128, 70_000, 2 ** 40]) {
      const key = Key.of('Account', url, 'MainChain', 'Element', uint(n));
      expect(digests.element(account, n)).toEqual(key.digest());
    }
    const last = 2n ** 64n - 1n;
    const key = Key.of('Account', url, 'MainChain', 'States', uint(last));
    expect(digests.state(account, last)).toEqual(key.digest());
  });

  test.each(layoutNames)(
    'entries of %s differ, in keys and in values for all subjects',
    async (layout) => {
      for (const subject of [map, memdb('fallback')]) {
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

test('a mark tells values apart, and does not look behind the end of one', () => {
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

  test('waits for passes that answer with a promise, and leaves out what is around them', async () => {
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
    const other = { ...spot, subject: 'map' } as const;
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

  test('targets are reached or lost, and a loss against the baseline is one of more than the margin', () => {
    const results = new Results();
    results.add(0, { ...spot, size: QUICK_SIZES.large }, { median: 100 });
    results.add(0, { ...spot, size: QUICK_SIZES.large, subject: 'map' }, { median: 1_100 });
    results.add(0, { ...spot, size: QUICK_SIZES.large, subject: 'fallback' }, { median: 200 });
    const cases = judge(results, QUICK_SIZES);
    expect(cases.map(({ value, reached }) => [value, reached])).toEqual([
      [11, true],
      [2, false],
      [5.5, true],
    ]);

    const now = guards(results, QUICK_SIZES);
    const baseline = (worse: number) => ({
      machine: thisMachine(),
      ratios: Object.fromEntries(now.map(({ id, value }) => [id, value * worse])),
    });
    expect(losses(baseline(1), now)).toEqual([]);
    expect(losses(baseline(MARGIN * 0.99), now)).toEqual([]);
    expect(losses(baseline(MARGIN * 1.01), now)).toEqual(now);
  });

  test('every row that a guard is made of is measured by some workload', () => {
    const results = new Results();
    for (const { name } of rows) {
      for (const size of Object.values(QUICK_SIZES)) {
        for (const subject of subjectNames) {
          results.add(0, { ...spot, row: name, size, subject }, { median: 1 });
        }
      }
    }
    const guarded = guards(results, QUICK_SIZES).flatMap((guard) => guard.rows);
    expect(new Set(guarded).size).toBeGreaterThan(10);
    for (const row of guarded) expect(workloadNames).toContain(workloadOf(row));
    expect(workloadOf('memory-heap')).toBe('memory');
  });
});

describe('the command', () => {
  test('runs what is asked for', () => {
    const options = readOptions(['--subject', 'map', '--workload', 'get-kept', '--quick']);
    expect(plan(options).map(({ subject, size, workloads }) => [subject, size, workloads])).toEqual(
      [
        ['map', 1_000, ['get-kept']],
        ['map', 100_000, ['get-kept']],
      ],
    );
    expect(options.rounds).toBe(3);
  });

  test.each([
    ['--subject', 'redis'],
    ['--workload', 'sleep'],
    ['--rounds', '0'],
    ['--rounds', 'many'],
    ['--fast'],
    ['--write-baseline'],
  ])('refuses %s %s', (...args) => {
    expect(() => readOptions(args.filter((arg) => arg !== undefined))).toThrow(/.{10}/);
  });
});
