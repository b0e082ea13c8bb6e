import * as promises from 'node:timers/promises';
import { clearTimeout, now, setTimeout } from '../engine/clock.js';

export { clearTimeout, now, setTimeout };

/** The longest time that a timer takes, ms. */
const LONGEST_TIMER = 2 ** 31 - 1;

const sleep = promises.setTimeout;

/** How long something may take: until a time, and until its caller aborts it. */
export class Limits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly #end: number;

  constructor(timeoutMs: number, signal?: AbortSignal) {
    this.timeoutMs = timeoutMs;
    this.signal = signal;
    this.#end = now() + timeoutMs;
  }

  /** The milliseconds that are left: 0 if none are. */
  get left(): number {
    return Math.max(0, this.#end - now());
  }

  get over(): boolean {
    return this.left === 0;
  }

  /** Waits for `ms`, but not beyond the end. Throws the signal's reason if it is aborted. */
  async pause(ms: number): Promise<void> {
    const { signal } = this;
    try {
      await sleep(Math.min(ms, this.left), undefined, signal ? { signal } : {});
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  }

  /**
   * Awaits what others may wait for too. Throws the signal's reason if it is aborted before that, and what `late`
   * returns once the time is over.
   */
  async share<T>(shared: Promise<T>, late: () => Error): Promise<T> {
    const { signal } = this;
    if (signal?.aborted) throw signal.reason;
    let end = (): void => {};
    const ended = new Promise<never>((_, reject) => {
      const abort = () => reject(signal?.reason);
      const timer = setTimeout(() => reject(late()), Math.min(this.left, LONGEST_TIMER));
      signal?.addEventListener('abort', abort);
      end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
    });
    try {
      return await Promise.race([shared, ended]);
    } finally {
      end();
    }
  }
}

/** Pauses between tries that grow, with a random part: so machines that failed together do not retry together. */
export class Backoff {
  #next: number;

  constructor(
    readonly first: number,
    readonly most: number,
  ) {
    this.#next = first;
  }

  /** How long to wait before the next try, ms. */
  next(): number {
    const ms = this.#next;
    this.#next = Math.min(this.most, 2 * ms);
    return ms * (0.5 + Math.random());
  }

  reset(): void {
    this.#next = this.first;
  }
}
