import { clearTimeout, now, setTimeout } from './clock.js';

/** The longest time that a timer takes, ms. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** For how long a wait may last. */
export interface Limits {
  /** Infinity: for ever. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** The error once the time is over. */
  readonly timeoutError: () => Error;
}

/** Somebody who waits: exactly one of `proceed` and `fail` is called, once. */
export interface Waiter<T> {
  proceed(result: T): void;
  fail(error: unknown): void;
}

/** Those who wait for one thing, the longest waiting first. Who waits too long, or aborts, leaves. */
export class Waits<T, W extends Waiter<T> = Waiter<T>> {
  readonly #waiters = new Map<W, () => void>();
  #order: IterableIterator<W> = this.#waiters.keys();
  #first: W | undefined;
  readonly #look: () => void;
  readonly #onLeave: () => void;

  /**
   * `look` is called when somebody's time is over, who may still proceed then: the thread may have been busy all
   * the time. `onLeave` is called after one has left before its time.
   */
  constructor(look: () => void, onLeave: () => void) {
    this.#look = look;
    this.#onLeave = onLeave;
  }

  get size(): number {
    return this.#waiters.size;
  }

  /** The one that has waited longest. */
  get first(): W | undefined {
    // It goes on where it was: a new iterator would pass the places of all who have left.
    while (this.#first === undefined && this.#waiters.size > 0) {
      const { done, value } = this.#order.next();
      this.#first = value;
      if (done) this.#order = this.#waiters.keys();
    }
    return this.#first;
  }

  [Symbol.iterator](): IterableIterator<W> {
    return [...this.#waiters.keys()].values();
  }

  /** Adds a waiter, unless its signal has aborted. */
  add(waiter: W, { timeoutMs, signal, timeoutError }: Limits): void {
    if (signal?.aborted) {
      waiter.fail(signal.reason);
      return;
    }
    const deadline = now() + timeoutMs;
    const leave = (error: unknown) => {
      if (!this.remove(waiter)) return;
      waiter.fail(error);
      this.#onLeave();
    };
    let timer: NodeJS.Timeout | undefined;
    const expire = () => {
      const left = deadline - now();
      if (left > 0) {
        timer = setTimeout(expire, Math.min(left, LONGEST_TIMER));
        return;
      }
      this.#look();
      leave(timeoutError());
    };
    const abort = () => leave(signal?.reason);
    if (timeoutMs !== Number.POSITIVE_INFINITY) {
      timer = setTimeout(expire, Math.min(timeoutMs, LONGEST_TIMER));
    }
    signal?.addEventListener('abort', abort);
    this.#waiters.set(waiter, () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    });
  }

  /** Returns whether the waiter was there. */
  remove(waiter: W): boolean {
    this.#waiters.get(waiter)?.();
    if (this.#first === waiter) this.#first = undefined;
    return this.#waiters.delete(waiter);
  }

  /** Has all fail. */
  failAll(error: () => Error): void {
    for (const waiter of this) if (this.remove(waiter)) waiter.fail(error());
  }
}
