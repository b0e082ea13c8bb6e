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

/** Measures a task with tinybench; returns nanoseconds of one operation. See `Measurement`. */
export async function measure(task: Task, pace: Pace): Promise<Figure> {
  const measurement = new Measurement(task);
  const figure = await measurement.measure(pace);
  await measurement.end();
  return figure;
}

/** A task that can be measured several times; each time goes on where the last one stopped. */
export class Measurement {
  readonly #task: Task;
  /** What each pass found when it ran first. */
  readonly #sums: number[] = [];
  #checksum = 0;
  #asynchronous = false;
  #turn = 0;

  constructor(task: Task) {
    this.#task = task;
  }

  /**
   * Returns nanoseconds of one operation. It times whole passes, so that reading the clock does not
   * matter; the 99th percentile is that of the passes' averages. Throws if a pass finds something else
   * than the first time.
   */
  async measure(pace: Pace): Promise<Figure> {
    const task = this.#task;
    if (this.#sums.length === 0) await this.#prove();
    const run = this.#asynchronous
      ? async () => this.#check(await task.pass(this.#turn))
      : () => this.#check(task.pass(this.#turn) as number);
    const hooks: FnOptions = { async: this.#asynchronous };
    if (task.before) hooks.beforeEach = async () => task.before?.();
    if (task.after) hooks.afterEach = async () => task.after?.();
    const bench = await newBench(pace);
    bench.add('pass', run, hooks);
    globalThis.gc?.();
    await bench.run();

    const result = bench.tasks[0]?.result;
    if (result?.state !== 'completed') throw new Error(`a task ended ${result?.state}`);
    const { p50, p99 } = result.latency;
    const perOperation = (ms: number) => (ms * 1e6) / task.operations;
    const percentiles = { 99: perOperation(p99) };
    return { median: perOperation(p50), percentiles, checksum: this.#checksum };
  }

  async end(): Promise<void> {
    await this.#task.end?.();
  }

  /** Runs the first passes for the checksum. */
  async #prove(): Promise<void> {
    const task = this.#task;
    for (let turn = 0; turn < Math.min(PROVED, task.period); turn++) {
      await task.before?.();
      const pass = task.pass(turn);
      this.#asynchronous = pass instanceof Promise;
      const sum = await pass;
      await task.after?.();
      this.#sums[turn] = sum;
      this.#checksum = (Math.imul(this.#checksum, 31) + sum) | 0;
    }
  }

  #check(sum: number): void {
    const turn = this.#turn;
    this.#sums[turn] ??= sum;
    if (this.#sums[turn] !== sum) {
      throw new Error(`pass ${turn} found ${sum}, not ${this.#sums[turn]}`);
    }
    this.#turn = (turn + 1) % this.#task.period;
  }
}

async function newBench({ time, warmupTime }: Pace): Promise<Bench> {
  // An ECMAScript module, which CommonJS cannot require on Node.js 20.
  const { Bench } = await import('tinybench');
  return new Bench({ time, warmupTime, iterations: 5, warmupIterations: 2, throws: true });
}
