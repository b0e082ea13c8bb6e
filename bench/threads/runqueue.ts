import { openSync, readSync } from 'node:fs';

/** For how long the calling thread could have run while the system ran others. */
export class RunQueue {
  readonly #file: number | undefined;
  readonly #text = Buffer.alloc(128);

  constructor() {
    try {
      this.#file = openSync('/proc/thread-self/schedstat', 'r');
    } catch {
      // Not Linux, or a system that does not count it.
    }
  }

  /** So far, milliseconds; undefined where the system does not tell. Costs some microseconds. */
  waited(): number | undefined {
    if (this.#file === undefined) return undefined;
    const length = readSync(this.#file, this.#text, 0, this.#text.length, 0);
    const [, waited] = this.#text.toString('latin1', 0, length).split(' ');
    return Number(waited) / 1e6;
  }
}
