import type { SubjectName } from '../subjects/subject.js';
import type { LayoutName } from './data.js';
import type { Results, Spot } from './results.js';

/** One thing that is measured, with what it has to reach. */
export interface Row {
  /** Unique among all rows. */
  readonly name: string;
  /** For tables. */
  readonly title: string;
  readonly unit: 'ns' | 'bytes' | 'ms' | 'ratio';
  readonly targets?: readonly Target[];
}

/** A figure of a row, or a ratio of two, with the limit that it must keep if it has one. */
export interface Target {
  readonly title: string;
  readonly unit: string;
  /** The row that it is compared with, if that is another one. */
  readonly comparedWith?: string;
  readonly better: 'more' | 'less';
  readonly options: TargetOptions;
  value(results: Results, spot: Omit<Spot, 'subject'>): number | undefined;
}

export interface TargetOptions {
  /** At least, if more is better; else at most. Without a limit the value is only reported. */
  readonly limit?: number;
  /** The size at which it is judged; every size by default. */
  readonly at?: 'smallest' | 'largest';
  /** The layouts on which it is judged; `elements` by default. */
  readonly layouts?: readonly LayoutName[];
  /** Whether `--quick` guards the value against the baseline; true by default. */
  readonly guarded?: boolean;
}

/** The layouts of most records. In the first one, a key shares little with the one before. */
export const elements: readonly LayoutName[] = ['accounts', 'chain'];

/** How many times faster `subject` is than `other`. */
export function faster(
  subject: SubjectName,
  other: SubjectName,
  options: TargetOptions = {},
): Target {
  return {
    title: `${subject} to ${other}`,
    unit: 'x',
    better: 'more',
    options,
    value: (results, spot) =>
      results.ratio({ ...spot, subject: other }, { ...spot, subject: subject }),
  };
}

/** The time of a row compared with that of another row, on the native engine. */
export function relativeTo(row: string, options: TargetOptions): Target {
  return {
    title: `native, to ${row}`,
    unit: '',
    comparedWith: row,
    better: 'less',
    options,
    value: (results, spot) =>
      results.ratio({ ...spot, subject: 'native' }, { ...spot, row, subject: 'native' }),
  };
}

/** The figure of `subject` at the largest size compared with the smallest one. */
export function growth(subject: SubjectName, options: TargetOptions): Target {
  return {
    title: `${subject}, largest size to smallest`,
    unit: '',
    better: 'less',
    options: { at: 'largest', ...options },
    value(results, spot) {
      const [smallest = spot.size] = results.sizes(spot.row, spot.layout);
      if (smallest === spot.size) return undefined;
      return results.ratio({ ...spot, subject }, { ...spot, subject, size: smallest });
    },
  };
}

/** The figure of `subject` itself. */
export function figureOf(
  subject: SubjectName,
  unit: string,
  better: 'more' | 'less',
  options: TargetOptions,
): Target {
  const value: Target['value'] = (results, spot) => results.value({ ...spot, subject });
  return { title: subject, unit, better, options, value };
}

/** One value of a target; a target is reached if all of its cases are. */
export interface Case {
  /** Stable: the baseline knows the case by it. */
  readonly id: string;
  readonly title: string;
  /** Layout and number of entries. */
  readonly where: string;
  readonly value: number;
  readonly unit: string;
  readonly better: 'more' | 'less';
  readonly limit?: number;
  readonly reached?: boolean;
  /** The rows that the value is computed from. */
  readonly rows: readonly string[];
  readonly guarded: boolean;
}

/** The cases of all targets whose rows were measured. */
export function judge(results: Results, rows: readonly Row[]): Case[] {
  const cases: Case[] = [];
  for (const row of rows) {
    for (const target of row.targets ?? []) {
      for (const layout of target.options.layouts ?? elements) {
        for (const size of sizesOf(target, results.sizes(row.name, layout))) {
          const value = target.value(results, { row: row.name, layout, size });
          if (value !== undefined) cases.push(caseOf(row, target, layout, size, value));
        }
      }
    }
  }
  return cases;
}

function sizesOf({ options: { at } }: Target, sizes: readonly number[]): readonly number[] {
  if (at === undefined) return sizes;
  return at === 'smallest' ? sizes.slice(0, 1) : sizes.slice(-1);
}

function caseOf(row: Row, target: Target, layout: LayoutName, size: number, value: number): Case {
  const { unit, better, comparedWith, options } = target;
  const { limit, guarded = true } = options;
  const where = `${layout}, ${size.toLocaleString('en')}`;
  return {
    id: `${row.name}: ${target.title} (${where})`,
    title: `${row.title}: ${target.title}`,
    where,
    value,
    unit,
    better,
    ...(limit !== undefined && {
      limit,
      reached: better === 'more' ? value >= limit : value <= limit,
    }),
    rows: comparedWith === undefined ? [row.name] : [row.name, comparedWith],
    guarded,
  };
}
