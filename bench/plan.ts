import type { LayoutName } from './data.js';
import type { Pace } from './measure.js';
import { type SubjectName, subjectNames } from './subjects/subject.js';
import { alone, repeated } from './workloads/index.js';
import { insertBlocks } from './workloads/insert.js';

/** What one process does. */
export interface Cell {
  readonly subject: SubjectName;
  readonly layout: LayoutName;
  readonly size: number;
  /** Either one that needs a process of its own, or some to be done on one filled store. */
  readonly workloads: readonly string[];
  readonly pace: Pace;
}

export interface Selection {
  readonly quick: boolean;
  readonly subjects: readonly string[];
  readonly workloads: readonly string[];
}

/** On which layouts and at which sizes the work on a filled store is done; the others only read. */
const EVERYTHING = repeated.map(({ name }) => name);
const SOME = ['get-fresh', 'get-missing', 'getmany-1000', 'overwrite-blocks'];

interface Grid {
  readonly layouts: { readonly [layout in LayoutName]?: readonly number[] };
  /** For those that need a process of their own: on what. */
  readonly alone: { readonly [workload: string]: readonly [LayoutName, readonly number[]] };
  readonly subjects: readonly SubjectName[];
  readonly pace: Pace;
}

const FULL: Grid = {
  layouts: {
    accounts: [1_000, 100_000, 1_000_000],
    chain: [1_000, 100_000, 1_000_000],
    index: [1_000, 100_000, 1_000_000],
    heads: [1_000],
  },
  alone: {
    'insert-whole': ['accounts', [1_000, 100_000, 1_000_000]],
    trace: ['chain', [1_200]],
    memory: ['accounts', [1_000_000]],
    pause: ['accounts', [5_000_000]],
    threads: ['accounts', [1_000_000]],
    contention: ['accounts', [1_000_000]],
    floor: ['accounts', [0]],
  },
  subjects: subjectNames,
  pace: { time: 500, warmupTime: 250 },
};

const QUICK: Grid = {
  layouts: { accounts: [1_000, 100_000] },
  alone: {
    trace: ['chain', [1_200]],
    memory: ['accounts', [200_000]],
    pause: ['accounts', [300_000]],
    threads: ['accounts', [100_000]],
    contention: ['accounts', [100_000]],
    floor: ['accounts', [0]],
  },
  subjects: ['native', 'fallback', 'map', 'lmdb'],
  pace: { time: 100, warmupTime: 100 },
};

/** The processes of one round. Those to be compared stand side by side. */
export function plan({ quick, subjects, workloads }: Selection): Cell[] {
  const grid = quick ? QUICK : FULL;
  const cells: Cell[] = [];
  const add = (layout: LayoutName, size: number, names: readonly string[]) => {
    for (const subject of grid.subjects) {
      const wanted = names.filter((name) => workloads.includes(name) && does(subject, name));
      if (wanted.length === 0 || !subjects.includes(subject)) continue;
      cells.push({ subject, layout, size, workloads: wanted, pace: grid.pace });
    }
  };
  for (const [layout, sizes] of Object.entries(grid.layouts) as [LayoutName, number[]][]) {
    const reads = layout === 'accounts' || layout === 'chain' ? EVERYTHING : SOME;
    for (const size of sizes) add(layout, size, [insertBlocks.name, ...reads]);
  }
  for (const [name, [layout, sizes]] of Object.entries(grid.alone)) {
    for (const size of sizes) add(layout, size, [name]);
  }
  return cells;
}

function does(subject: SubjectName, name: string): boolean {
  const workload = [...repeated, ...alone].find((other) => other.name === name);
  return workload?.subjects?.includes(subject) ?? true;
}
