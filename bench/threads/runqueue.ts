import { openSync, readSync } from 'node:fs';

/** How long the calling thread was in the run queue: it could run, but the OS ran others. */
export class RunQueue {
  readonly #file: number | undefined;
  readonly #text = Buffer.alloc(128);

  constructor() {
    try {
      this.#file = openSync('/proc/thread-self/schedstat', 'r');
    } catch {
      // Not Linux, or a kernel that does not count it.
    }
  }

  /** Milliseconds so far; undefined if the OS does not report it. The call costs some microseconds. */
  waited(): number | undefined {
    if (this.#file === undefined) return undefined;
    const length = readSync(this.#file, this.#text, 0, this.#text.length, 0);
    const [, waited] = this.#text.toString('latin1', 0, length).split(' ');
    return Number(waited) / 1e6;
  }
}
