import type { LayoutName } from './data.js';
import type { Results, Spot } from './results.js';
import type { SubjectName } from './subjects/subject.js';

/** One thing that a target is held against; a target with several is reached when all of them are. */
export interface Case {
  readonly id: string;
  readonly target: string;
  /** Where: layout and number of entries. */
  readonly where: string;
  readonly value: number;
  readonly unit: string;
  /** The rows that the value is made of. */
  readonly rows: readonly string[];
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly reached: boolean;
  /** Whether it is the same in every run, but for noise that medians take away. */
  readonly steady: boolean;
}

/** The sizes at which the targets are judged; a quick run has smaller ones. */
export interface Sizes {
  readonly small: number;
  readonly large: number;
  readonly memory: number;
  readonly pause: number;
  readonly threads: number;
}

export const FULL_SIZES: Sizes = {
  small: 1_000,
  large: 1_000_000,
  memory: 1_000_000,
  pause: 5_000_000,
  threads: 1_000_000,
};

export const QUICK_SIZES: Sizes = {
  small: 1_000,
  large: 100_000,
  memory: 200_000,
  pause: 300_000,
  threads: 100_000,
};

/** Keys of which nothing is shared from one to the next come first: they are the harder ones. */
const ELEMENTS: readonly LayoutName[] = ['accounts', 'chain'];

/** Holds what was measured against what is to be reached; cases that were not measured are left out. */
export function judge(results: Results, sizes: Sizes): Case[] {
  const { small, large } = sizes;
  const every = [...new Set([small, 100_000, large])].sort((a, b) => a - b);
  const judged = new Judged(results);

  for (const layout of ELEMENTS) {
    judged.faster('get, fresh key: native to map', 'get-fresh', 'map', 'native', 10, layout, large);
  }
  const kept = 'get, kept key: native to lmdb';
  judged.faster(kept, 'get-kept', 'lmdb', 'native', 5, 'accounts', small);
  judged.faster(kept, 'get-kept', 'lmdb', 'native', 3, 'accounts', large);
  for (const layout of ELEMENTS) {
    const title = 'get of a missing fresh key to one that is there';
    for (const size of every) judged.relative(title, 'get-missing', 'get-fresh', 1, layout, size);
  }
  for (const layout of ELEMENTS) {
    const title = 'getMany of 1,000 fresh keys to single gets';
    judged.relative(title, 'getmany-1000', 'get-fresh', 0.6, layout, large);
  }
  for (const layout of ELEMENTS) {
    const title = 'put + commit, blocks of 100: native to';
    judged.faster(`${title} map`, 'insert-blocks', 'map', 'native', 5, layout, large);
    judged.faster(`${title} lmdb`, 'insert-blocks', 'lmdb', 'native', 8, layout, large);
  }
  judged.growth('begin + discard: large to small', 'begin-discard', 1.5, small, large);
  for (const size of every) {
    const title = 'begin + get + put + commit of one key: native to lmdb';
    judged.faster(title, 'transaction-kept', 'lmdb', 'native', 10, 'accounts', size);
  }
  for (const layout of ELEMENTS) {
    for (const size of every) {
      const title = 'get, fresh key: native to fallback';
      judged.faster(title, 'get-fresh', 'fallback', 'native', 3, layout, size);
    }
  }
  for (const layout of ELEMENTS) {
    for (const size of every) {
      const title = 'get, fresh key: fallback to map';
      judged.faster(title, 'get-fresh', 'map', 'fallback', 1.5, layout, size);
    }
  }
  const { memory, pause, threads } = sizes;
  judged.most('bytes beyond key and value, each, by RSS', 'memory-resident', 88, 'bytes', memory);
  judged.most('heap of V8 used by all entries', 'memory-heap', 1e6, 'bytes', memory);
  judged.most('longest pause while inserting', 'pause', 5, 'ms', pause, false);
  judged.shorter('longest pause, native to map', 'pause', 'native', 'map', pause);
  judged.least('reads of 2 threads to 1', 'threads-2', 1.8, threads);
  return judged.cases;
}

/** A ratio that `--quick` holds against the baseline. */
export interface Guard {
  /** Stable: the baseline knows it by this. */
  readonly id: string;
  readonly value: number;
  readonly rows: readonly string[];
  readonly better: 'more' | 'less';
}

/** Rows without a target of their own, of which the native engine is held against lmdb all the same. */
const ALSO_GUARDED = [
  'getmany-10',
  'begin-get-discard',
  'iteration',
  'transaction-fresh',
  'overwrite-blocks',
];

export function guards(results: Results, sizes: Sizes): Guard[] {
  const guards: Guard[] = judge(results, sizes)
    .filter(({ steady }) => steady)
    .map(({ id, value, rows, atMost }) => ({
      id,
      value,
      rows,
      better: atMost === undefined ? 'more' : 'less',
    }));
  for (const row of ALSO_GUARDED) {
    for (const size of [sizes.small, sizes.large]) {
      const spot = { row, layout: 'accounts', size } as const;
      const value = results.ratio({ ...spot, subject: 'lmdb' }, { ...spot, subject: 'native' });
      if (value === undefined) continue;
      guards.push({
        id: `native to lmdb (${row}, ${whereOf(spot)})`,
        value,
        rows: [row],
        better: 'more',
      });
    }
  }
  return guards;
}

function whereOf({ layout, size }: { layout: LayoutName; size: number }): string {
  return `${layout}, ${size.toLocaleString('en')}`;
}

/** How much faster, how much of, how much at most: the kinds of targets. */
class Judged {
  readonly cases: Case[] = [];
  readonly #results: Results;

  constructor(results: Results) {
    this.#results = results;
  }

  faster(
    target: string,
    row: string,
    slow: SubjectName,
    fast: SubjectName,
    atLeast: number,
    layout: LayoutName,
    size: number,
  ): void {
    const spot = { row, layout, size };
    const value = this.#results.ratio({ ...spot, subject: slow }, { ...spot, subject: fast });
    this.#add(target, spot, value, 'x', { atLeast });
  }

  /** One row of the native engine to another. */
  relative(
    target: string,
    row: string,
    to: string,
    atMost: number,
    layout: LayoutName,
    size: number,
  ): void {
    const spot: Spot = { row, layout, size, subject: 'native' };
    const value = this.#results.ratio(spot, { ...spot, row: to });
    this.#add(target, spot, value, '', { atMost }, true, [row, to]);
  }

  growth(target: string, row: string, atMost: number, small: number, large: number): void {
    const spot: Spot = { row, layout: 'accounts', size: large, subject: 'native' };
    this.#add(target, spot, this.#results.ratio(spot, { ...spot, size: small }), '', { atMost });
  }

  most(target: string, row: string, atMost: number, unit: string, size: number, steady = true) {
    const spot: Spot = { row, layout: 'accounts', size, subject: 'native' };
    this.#add(target, spot, this.#results.value(spot), unit, { atMost }, steady);
  }

  least(target: string, row: string, atLeast: number, size: number): void {
    const spot: Spot = { row, layout: 'accounts', size, subject: 'native' };
    this.#add(target, spot, this.#results.value(spot), '', { atLeast }, false);
  }

  shorter(target: string, row: string, who: SubjectName, than: SubjectName, size: number): void {
    const spot = { row, layout: 'accounts', size } as const;
    const value = this.#results.ratio({ ...spot, subject: who }, { ...spot, subject: than });
    this.#add(target, spot, value, '', { atMost: 1 }, false);
  }

  #add(
    target: string,
    { row, layout, size }: Omit<Spot, 'subject'>,
    value: number | undefined,
    unit: string,
    limit: { atLeast?: number; atMost?: number },
    steady = true,
    rows: readonly string[] = [row],
  ): void {
    if (value === undefined) return;
    const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = limit;
    const where = whereOf({ layout, size });
    const reached = value >= atLeast && value <= atMost;
    const id = `${target} (${row}, ${where})`;
    this.cases.push({ id, target, where, value, unit, rows, ...limit, reached, steady });
  }
}
