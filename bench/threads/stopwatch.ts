import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { RunQueue } from './runqueue.js';

/** How long single operations took, nanoseconds, to three digits; threads it is sent to share it. */
export type Times = RecordableHistogram;

export function newTimes(): Times {
  return createHistogram({ figures: 3 });
}

/** From so many nanoseconds on it is asked whether the thread had to wait for a processor. */
const LONG = 100_000;

/** Times operations one after the other, in the thread that does them. */
export class Stopwatch {
  readonly #times: Times;
  readonly #queue = new RunQueue();
  #queued: number | undefined;
  #longest = 0;

  constructor(times: Times) {
    this.#times = times;
  }

  /**
   * The longest less what the thread waited for a processor meanwhile, milliseconds; undefined where
   * the system does not tell.
   */
  get longestRunning(): number | undefined {
    return this.#queued === undefined ? undefined : this.#longest / 1e6;
  }

  /** To be called before the operations, every hundred or so: what was waited until now is past. */
  lap(): void {
    this.#queued = this.#queue.waited();
  }

  /** Adds what was between two readings of `process.hrtime.bigint`. */
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
