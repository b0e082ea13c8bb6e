import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { RunQueue } from './runqueue.js';

/** The times of single operations, in nanoseconds to three digits. Threads can share it. */
export type Times = RecordableHistogram;

export function newTimes(): Times {
  return createHistogram({ figures: 3 });
}

/** From this many nanoseconds on, we check how long the thread was in the run queue. */
const LONG = 100_000;

/** Times operations one after the other, in the thread that runs them. */
export class Stopwatch {
  readonly #times: Times;
  readonly #queue = new RunQueue();
  #queued: number | undefined;
  #longest = 0;

  constructor(times: Times) {
    this.#times = times;
  }

  /**
   * The longest time in milliseconds, without the time in the run queue; undefined if the OS does not
   * report that.
   */
  get longestRunning(): number | undefined {
    return this.#queued === undefined ? undefined : this.#longest / 1e6;
  }

  /** Call this before every hundred operations or so: time in the run queue before it does not count. */
  lap(): void {
    this.#queued = this.#queue.waited();
  }

  /** Adds the time between two readings of `process.hrtime.bigint`. */
  add(start: bigint, end: bigint): void {
    const took = Number(end - start);
    this.#times.record(Math.max(took, 1));
    if (took > this.#longest) this.#longest = Math.max(this.#longest, this.#running(took));
  }

  #running(took: number): number {
    const before = this.#queued;
    if (took < LONG || before === undefined) return took;
    this.lap();
    return took - ((this.#queued ?? before) - before) * 1e6;
  }
}
