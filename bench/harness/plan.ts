import { type SubjectName, subjectNames } from '../subjects/subject.js';
import { alone, repeated } from '../workloads/index.js';
import { insertBlocks } from '../workloads/insert.js';
import type { LayoutName } from './data.js';
import type { Pace } from './measure.js';
import { elements } from './targets.js';

/** What one process does. */
export interface Cell {
  readonly subject: SubjectName;
  readonly layout: LayoutName;
  readonly size: number;
  /** Either one workload that needs a process of its own, or some for one filled store. */
  readonly workloads: readonly string[];
  readonly pace: Pace;
}

export interface Selection {
  readonly quick: boolean;
  readonly subjects: readonly string[];
  /** Undefined for all that do not have to be asked for. */
  readonly workloads: readonly string[] | undefined;
}

/** Where the repeated workloads run: the sizes of each layout. */
interface Grid {
  readonly layouts: { readonly [layout in LayoutName]?: readonly number[] };
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
  subjects: subjectNames,
  pace: { time: 500, warmupTime: 250 },
};

const QUICK: Grid = {
  layouts: { accounts: [1_000, 100_000] },
  subjects: ['native', 'fallback', 'map-simple', 'map-careful', 'lmdb'],
  pace: { time: 100, warmupTime: 100 },
};

/** The processes of one round. Subjects that are compared run one after the other. */
export function plan({ quick, subjects, workloads }: Selection): Cell[] {
  const { layouts, subjects: all, pace } = quick ? QUICK : FULL;
  const wanted = (name: string) => workloads?.includes(name) ?? true;
  const cells: Cell[] = [];
  for (const [layout, sizes] of Object.entries(layouts) as [LayoutName, readonly number[]][]) {
    for (const size of sizes) {
      for (const subject of all) {
        const names = [insertBlocks.name, ...namesFor(subject, layout)].filter(wanted);
        if (names.length > 0) cells.push({ subject, layout, size, workloads: names, pace });
      }
    }
  }
  for (const { name, subjects: those, layout, sizes, onRequest } of alone) {
    if (!wanted(name) || (onRequest && workloads === undefined)) continue;
    for (const size of quick ? sizes.quick : sizes.full) {
      for (const subject of all.filter((one) => those.includes(one))) {
        cells.push({ subject, layout, size, workloads: [name], pace });
      }
    }
  }
  return cells.filter(({ subject }) => subjects.includes(subject));
}

function namesFor(subject: SubjectName, layout: LayoutName): string[] {
  return repeated
    .filter((workload) => workload.subjects.includes(subject))
    .filter((workload) => (workload.layouts ?? elements).includes(layout))
    .map(({ name }) => name);
}
