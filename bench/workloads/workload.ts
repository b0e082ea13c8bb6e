import type { Data, LayoutName } from '../harness/data.js';
import type { Figure, Pace, Task } from '../harness/measure.js';
import type { Row } from '../harness/targets.js';
import type { Store, Subject, SubjectName } from '../subjects/subject.js';

/** A store filled with the entries of its data. */
export interface Filled<A = unknown, K = unknown> {
  readonly store: Store<A, K>;
  readonly data: Data<A, K>;
}

/** What a workload runs on. */
export interface Place {
  readonly subject: Subject;
  readonly layout: LayoutName;
  readonly size: number;
  readonly pace: Pace;
}

export type Figures = { readonly [row: string]: Figure };

/** Work on a filled store, done many times; it leaves the store with the same entries. */
export interface Repeated extends Row {
  readonly subjects: readonly SubjectName[];
  /** On which layouts; `elements` by default. */
  readonly layouts?: readonly LayoutName[];
  task(filled: Filled): Task;
}

/** Work that needs a process of its own, and measures itself. */
export interface Alone {
  readonly name: string;
  /** For tables, in place of the layout's. */
  readonly heading?: string;
  readonly rows: readonly Row[];
  readonly subjects: readonly SubjectName[];
  readonly layout: LayoutName;
  readonly sizes: { readonly full: readonly number[]; readonly quick: readonly number[] };
  /** Runs only if `--workload` names it. */
  readonly onRequest?: true;
  run(place: Place): Promise<Figures>;
}

/** Repeats `step`; awaits only if there is something to wait for. Returns the sum. */
export function repeat(
  times: number,
  step: (n: number) => number | Promise<number>,
): number | Promise<number> {
  let sum = 0;
  for (let n = 0; n < times; n++) {
    const marked = step(n);
    if (typeof marked !== 'number') return rest(marked, sum, n + 1);
    sum += marked;
  }
  return sum;

  async function rest(first: Promise<number>, before: number, from: number): Promise<number> {
    let total = before + (await first);
    for (let n = from; n < times; n++) total += await step(n);
    return total;
  }
}
