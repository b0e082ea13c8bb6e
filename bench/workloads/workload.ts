import type { Data, LayoutName } from '../data.js';
import type { Figure, Pace, Task } from '../measure.js';
import type { Store, Subject, SubjectName } from '../subjects/subject.js';

/** A store filled with the entries of its data. */
export interface Filled<A = unknown, K = unknown> {
  readonly store: Store<A, K>;
  readonly data: Data<A, K>;
}

/** What a workload is run on. */
export interface Place {
  readonly subject: Subject;
  readonly layout: LayoutName;
  readonly size: number;
  readonly pace: Pace;
}

/** One thing that is measured. */
export interface Row {
  /** Unique among all. */
  readonly name: string;
  /** For tables. */
  readonly title: string;
  readonly unit: 'ns' | 'bytes' | 'ms' | 'ratio';
}

export type Figures = { readonly [row: string]: Figure };

/** Work on a filled store, done many times; it leaves the store with the same entries. */
export interface Repeated extends Row {
  readonly kind: 'repeated';
  /** Who can do it; everybody, when not given. */
  readonly subjects?: readonly SubjectName[];
  task(filled: Filled): Task;
}

/** Work that needs a process of its own, and measures itself. */
export interface Alone {
  readonly kind: 'alone';
  readonly name: string;
  readonly rows: readonly Row[];
  readonly subjects?: readonly SubjectName[];
  run(place: Place): Promise<Figures>;
}

export type Workload = Repeated | Alone;

/** Does `step` so often; awaits only where there is something to wait for. Answers the sum. */
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
