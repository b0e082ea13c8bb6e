import { clearTimeout, setTimeout } from './clock.js';
import { onWorkerExit } from './events.js';

/** How soon superseded versions are freed after the commit or discard that lets go of them, ms. */
const DELAY = 1;

/** Those in use in this thread. That they stand here does not keep them. */
const inUse = new Set<WeakRef<Reclaimer>>();
let listening = false;

/**
 * Has the superseded versions of a database freed soon after they are let go of, in steps between which other
 * work goes on. Does not keep the process alive.
 */
export class Reclaimer {
  readonly #reclaim: () => number;
  readonly #self = new WeakRef(this);
  #timer: NodeJS.Timeout | undefined;
  #waiting = false;
  #stopped = false;

  /** `reclaim` frees some of them and returns how many are left. */
  constructor(reclaim: () => number) {
    this.#reclaim = reclaim;
    inUse.add(this.#self);
    if (listening) return;
    listening = true;
    // A thread that has ended cannot free what only its batches could see: the thread that started it does.
    onWorkerExit(() => {
      for (const one of inUse) {
        const reclaimer = one.deref();
        if (reclaimer === undefined) inUse.delete(one);
        else reclaimer.soon();
      }
    });
  }

  /** Never throws. */
  soon(): void {
    if (this.#waiting || this.#stopped) return;
    try {
      // A timer, because an immediate that does not keep the process alive waits for other events.
      if (this.#timer) this.#timer.refresh();
      else this.#timer = setTimeout(() => this.#run(), DELAY).unref();
      this.#waiting = true;
    } catch {
      // There is no room on the stack. The next commit or discard asks again.
    }
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    inUse.delete(this.#self);
  }

  #run(): void {
    this.#waiting = false;
    if (!this.#stopped && this.#reclaim() > 0) this.soon();
  }
}
