import type { Bench, FnOptions } from 'tinybench';

/** Work that is repeated in passes of a number of operations; each pass can be checked. */
export interface Task {
  /** The operations of one pass. */
  readonly operations: number;
  /** The number of passes after which the work repeats itself. */
  readonly period: number;
  /** Does pass `turn` of the period; returns the sum of the marks of what it found. */
  pass(turn: number): number | Promise<number>;
  /** Called before and after each pass; not measured. */
  before?(): void | Promise<void>;
  after?(): void | Promise<void>;
  /** Called once when all is done. */
  end?(): void | Promise<void>;
}

/** What one process measured for one row. */
export interface Figure {
  /** In the row's unit. */
  readonly median: number;
  /** Higher percentiles, by their number as text; `100` is the longest. */
  readonly percentiles?: { readonly [percentile: string]: number };
  /** The same for every subject that did the same work. */
  readonly checksum?: number;
  /** A reservation about the figure, for the table. */
  readonly note?: string;
}

export interface Pace {
  /** Milliseconds for each task. */
  readonly time: number;
  readonly warmupTime: number;
}

/** The number of passes that run first, for the checksum; not measured. */
const PROVED = 4;

/**
 * Measures a task with tinybench; returns nanoseconds of one operation. It times whole passes, so
 * that reading the clock does not matter; the 99th percentile is that of the passes' averages. Throws
 * if a pass finds something else than the first time.
 */
export async function measure(task: Task, pace: Pace): Promise<Figure> {
  const sums: number[] = [];
  let checksum = 0;
  let asynchronous = false;
  for (let turn = 0; turn < Math.min(PROVED, task.period); turn++) {
    await task.before?.();
    const pass = task.pass(turn);
    asynchronous = pass instanceof Promise;
    const sum = await pass;
    await task.after?.();
    sums[turn] = sum;
    checksum = (Math.imul(checksum, 31) + sum) | 0;
  }

  let turn = 0;
  const check = (sum: number) => {
    sums[turn] ??= sum;
    if (sums[turn] !== sum) throw new Error(`pass ${turn} found ${sum}, not ${sums[turn]}`);
    turn = (turn + 1) % task.period;
  };
  const run = asynchronous
    ? async () => check(await task.pass(turn))
    : () => check(task.pass(turn) as number);
  const hooks: FnOptions = { async: asynchronous };
  if (task.before) hooks.beforeEach = async () => task.before?.();
  if (task.after) hooks.afterEach = async () => task.after?.();
  const bench = await newBench(pace);
  bench.add('pass', run, hooks);
  globalThis.gc?.();
  await bench.run();
  await task.end?.();

  const result = bench.tasks[0]?.result;
  if (result?.state !== 'completed') throw new Error(`a task ended ${result?.state}`);
  const { p50, p99 } = result.latency;
  const perOperation = (ms: number) => (ms * 1e6) / task.operations;
  return { median: perOperation(p50), percentiles: { 99: perOperation(p99) }, checksum };
}

async function newBench({ time, warmupTime }: Pace): Promise<Bench> {
  // An ECMAScript module, which CommonJS cannot require on Node.js 20.
  const { Bench } = await import('tinybench');
  return new Bench({ time, warmupTime, iterations: 5, warmupIterations: 2, throws: true });
}
