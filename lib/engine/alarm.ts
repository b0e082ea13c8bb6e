import { clearInterval, setImmediate, setInterval } from './clock.js';
import { HANDLE_SIZE, HandleWord } from './handle.js';

/**
 * How often a waiting thread looks though nobody woke it, ms: a thread that was terminated wakes nobody. The
 * timer also keeps the process alive, as any operation does whose end somebody awaits.
 */
const BACKSTOP = 50;

/** What a look found: nothing more to wait for; something to do at once; or nothing yet. */
export type Look = 'over' | 'more' | 'wait';

/**
 * Wakes the threads that wait without blocking, if there are any. To be called after the transaction mutex was given
 * back, and after a database was closed. `words` are those of the handle.
 */
export function raise(words: Int32Array): void {
  // A plain read, because this is part of every commit. What a thread that announces itself looks at after
  // that, was written before.
  if (words[HandleWord.Waiting] === 0) return;
  if (Atomics.exchange(words, HandleWord.Waiting, 0) === 0) return;
  Atomics.add(words, HandleWord.Raised, 1);
  Atomics.notify(words, HandleWord.Raised);
}

/** Has `look` called in tasks of its own, each time that `raise` was called in any thread, until it is over. */
export class Alarm {
  readonly #words: Int32Array;
  readonly #look: () => Look;
  #backstop: NodeJS.Timeout | undefined;
  #asleep = false;

  /** `look` must not throw. */
  constructor(handle: SharedArrayBuffer, look: () => Look) {
    this.#words = new Int32Array(handle, 0, HANDLE_SIZE >> 2);
    this.#look = look;
  }

  /** Has it look soon, and then until it is over. */
  start(): void {
    if (this.#backstop !== undefined) return;
    this.#backstop = setInterval(() => this.check(), BACKSTOP);
    setImmediate(() => this.check());
  }

  /** Has it look no more, until it is started again. */
  stop(): void {
    clearInterval(this.#backstop);
    this.#backstop = undefined;
  }

  /** Has it look at once if it is started. */
  check(): void {
    if (this.#backstop === undefined) return;
    const words = this.#words;
    // Announced before the look: what changes after it changes `Raised`.
    Atomics.store(words, HandleWord.Waiting, 1);
    const raised = Atomics.load(words, HandleWord.Raised);
    const found = this.#look();
    if (found === 'over') this.stop();
    else if (found === 'more') setImmediate(() => this.check());
    else this.#sleep(raised);
  }

  #sleep(raised: number): void {
    if (this.#asleep) return;
    const sleep = Atomics.waitAsync(this.#words, HandleWord.Raised, raised);
    if (!sleep.async) {
      setImmediate(() => this.check());
      return;
    }
    this.#asleep = true;
    sleep.value.then(() => {
      this.#asleep = false;
      this.check();
    });
  }
}
