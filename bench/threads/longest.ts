import { RunQueue } from './runqueue.js';

/** The longest of some calls, in milliseconds. */
export interface Longest {
  readonly inAll: number;
  /** The longest without the time in the run queue; undefined if the OS does not report that. */
  readonly running: number | undefined;
}

/** Times calls and keeps the longest. */
export class LongestCall {
  readonly #queue = new RunQueue();
  #inAll = 0;
  #running: number | undefined;

  time(call: () => void): void {
    const queued = this.#queue.waited();
    const start = performance.now();
    call();
    const took = performance.now() - start;
    if (took > this.#inAll) this.#inAll = took;
    const queuedAfter = this.#queue.waited();
    if (queued === undefined || queuedAfter === undefined) return;
    this.#running = Math.max(this.#running ?? 0, took - (queuedAfter - queued));
  }

  get longest(): Longest {
    return { inAll: this.#inAll, running: this.#running };
  }
}
