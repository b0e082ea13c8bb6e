import { rows, workloadOf } from '../workloads/index.js';
import type { Cell } from './plan.js';
import { medianOf, quantile } from './quantile.js';
import { Results, type Spot } from './results.js';
import { CellProcess, progress } from './run.js';
import { number, table } from './table.js';

/** A row of two builds. */
export interface Compared extends Spot {
  /** The lower quartiles of the turns: other programs only ever add to a time. */
  readonly old: number;
  readonly new: number;
  /** The median of the turns' ratios, new to old. */
  readonly ratio: number;
  readonly ratios: readonly number[];
}

/** Whether both ratios, that of the lower quartiles and the median one, are above the limit. */
export function isSlower({ old, new: current, ratio }: Compared, limit: number): boolean {
  return Math.min(current / old, ratio) > limit;
}

/** How often each workload runs on each build in a round. These are even: both builds go first as often. */
const TURNS = 20;
const FEWEST_TURNS = 6;
/** Milliseconds after which a slow workload gets no more turns than the fewest. */
const ENOUGH = 10_000;

/**
 * Runs the cells on both builds. In each round, a process of each build does the same workloads in
 * turn; the build that goes first alternates. `old` and `current` are the folders of the builds.
 */
export async function compare(
  cells: readonly Cell[],
  rounds: number,
  old: string,
  current: string,
): Promise<Compared[]> {
  const results = new Results();
  for (let round = 0; round < rounds; round++) {
    for (const [n, cell] of cells.entries()) {
      progress(`round ${round + 1} of ${rounds}, ${n + 1} of ${cells.length}`, cell);
      const { subject, layout, size } = cell;
      const builds = [
        { build: 'old', child: new CellProcess(cell, old) },
        { build: 'new', child: new CellProcess(cell, current) },
      ] as const;
      const inTurn = async (workload: string, turn: number) => {
        for (const { build, child } of turn % 2 === 0 ? builds : builds.toReversed()) {
          for (const [row, figure] of Object.entries(await child.measure(workload))) {
            results.add(round * TURNS + turn, { row, layout, size, subject, build }, figure);
          }
        }
      };
      try {
        for (const workload of cell.workloads) {
          const enough = performance.now() + ENOUGH;
          for (let turn = 0; turn < TURNS; turn += 2) {
            if (turn >= FEWEST_TURNS && performance.now() > enough) break;
            await inTurn(workload, turn);
            await inTurn(workload, turn + 1);
          }
        }
      } finally {
        await Promise.all(builds.map(({ child }) => child.end()));
      }
    }
  }
  return comparedRows(results);
}

/** All measured rows of times and sizes; in those, less is better. */
export function comparedRows(results: Results): Compared[] {
  const all = results.all();
  return all.flatMap((measured) => {
    const { row, layout, size, subject, build } = measured;
    if (build !== 'new' || unitOf(row) === 'ratio') return [];
    const spot = { row, layout, size, subject };
    const ratios = results.ratios({ ...spot, build }, { ...spot, build: 'old' });
    const old = all.find((one) => isSame(one, measured) && one.build === 'old');
    if (old === undefined) return [];
    const [before, after] = [old, measured].map(({ rounds }) => quantile(rounds, 0.25));
    return [
      { ...spot, old: before as number, new: after as number, ratio: medianOf(ratios), ratios },
    ];
  });
}

export function isSame(one: Spot, other: Spot): boolean {
  return nameOf(one) === nameOf(other);
}

/** The cells that measure these rows, and nothing else if they can. */
export function cellsOf(compared: readonly Compared[], cells: readonly Cell[]): Cell[] {
  return cells.flatMap((cell) => {
    const here = compared.filter(
      ({ subject, layout, size }) =>
        subject === cell.subject && layout === cell.layout && size === cell.size,
    );
    const wanted = here.map(({ row }) => workloadOf(row));
    const workloads = cell.workloads.filter((name) => wanted.includes(name));
    return workloads.length === 0 ? [] : [{ ...cell, workloads }];
  });
}

export function nameOf({ row, layout, size, subject }: Spot): string {
  return `${row}: ${subject} (${layout}, ${number(size, 0, 0)})`;
}

/** A table of all rows: lower quartiles and their ratio, the median ratio and the middle half of ratios. */
export function comparisonTable(compared: readonly Compared[]): string {
  const lines = compared.map((one) => {
    const digits = unitOf(one.row) === 'ms' ? 2 : 0;
    const range = [0.25, 0.75].map((part) => quantile(one.ratios, part).toFixed(2)).join(' to ');
    const figures = [one.old, one.new].map((figure) => number(figure, digits, digits));
    return [nameOf(one), ...figures, (one.new / one.old).toFixed(3), one.ratio.toFixed(3), range];
  });
  return table([['', 'old', 'new', 'new / old', 'median', 'middle half'], ...lines]);
}

/** A table of the sums over all rows in nanoseconds, and the means of their ratios. */
export function sumTable(compared: readonly Compared[]): string {
  const subjects = [...new Set(compared.map(({ subject }) => subject))];
  const lines = subjects.map((subject) => {
    const rows = compared.filter((one) => one.subject === subject && unitOf(one.row) === 'ns');
    const sum = (of: 'old' | 'new') => rows.reduce((total, one) => total + one[of], 0);
    const logarithms = rows.reduce((total, one) => total + Math.log(one.new / one.old), 0);
    const ratios = [sum('new') / sum('old'), Math.exp(logarithms / rows.length)];
    return [`${subject}, ${rows.length} rows`, ...ratios.map((ratio) => ratio.toFixed(3))];
  });
  return table([['', 'sum, new / old', 'geometric mean'], ...lines]);
}

function unitOf(row: string): string | undefined {
  return rows.find(({ name }) => name === row)?.unit;
}
