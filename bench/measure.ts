import type { Bench, FnOptions } from 'tinybench';

/** Work that is done over and over: a pass of so many operations, and how to tell that it was right. */
export interface Task {
  /** Of one pass. */
  readonly operations: number;
  /** After so many passes the work repeats itself. */
  readonly period: number;
  /** Does pass `turn` of the period; the sum of the marks of what it found. */
  pass(turn: number): number | Promise<number>;
  /** What comes before and after each pass, unmeasured. */
  before?(): void | Promise<void>;
  after?(): void | Promise<void>;
  /** Called once when all is done. */
  end?(): void | Promise<void>;
}

/** What was measured of a workload in one process. */
export interface Figure {
  /** Of an operation: nanoseconds, bytes, milliseconds, as the workload says. */
  readonly median: number;
  /** Of the passes' averages, where there are enough of them. */
  readonly p99?: number;
  readonly samples?: number;
  /** The same for every subject that did the same work. */
  readonly checksum?: number;
}

export interface Pace {
  /** Milliseconds of each task. */
  readonly time: number;
  readonly warmupTime: number;
}

/** How many passes are run first, unmeasured, for the checksum. */
const PROVED = 4;

/**
 * Measures a task with tinybench. What is timed is a pass, of as many operations as it takes for the
 * clock not to matter; the figure is nanoseconds of one operation. Throws when a pass finds anything
 * else than it found when it was run for the checksum.
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
  const { p50, p99, samplesCount } = result.latency;
  const perOperation = (ms: number) => (ms * 1e6) / task.operations;
  return { median: perOperation(p50), p99: perOperation(p99), samples: samplesCount, checksum };
}

async function newBench({ time, warmupTime }: Pace): Promise<Bench> {
  // A module of ECMAScript only, which CommonJS may not require everywhere.
  const { Bench } = await import('tinybench');
  return new Bench({ time, warmupTime, iterations: 5, warmupIterations: 2, throws: true });
}
