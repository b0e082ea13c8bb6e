/** The positions of the words that the threads of a job share. */
const Word = { Claimed: 0, Ready: 1, Done: 2, Stopped: 3, Size: 4 } as const;

/** How many entries a thread claims at once. They are neighbours, so the memo serves them all. */
const SPAN = 16;
/** How long a thread waits before it checks whether the job was stopped, ms. */
const SLICE = 100;

/**
 * What the threads of a job share: which entries are ready to be proved, which of them are claimed, and
 * how many are done. Entries are numbered through all tasks.
 */
export class Board {
  readonly #words: Int32Array;

  /** `total` is how many entries are to be proved. `shared` is that of another thread's board. */
  constructor(
    readonly total: number,
    readonly shared: SharedArrayBuffer = new SharedArrayBuffer(4 * Word.Size),
  ) {
    this.#words = new Int32Array(shared);
  }

  /** How many entries were proved, or could not be proved. */
  get done(): number {
    return Atomics.load(this.#words, Word.Done);
  }

  /** Whether the job was stopped before all was done. */
  get stopped(): boolean {
    return Atomics.load(this.#words, Word.Stopped) === 1;
  }

  /** Announces that the first `count` entries are ready. */
  publish(count: number): void {
    Atomics.store(this.#words, Word.Ready, count);
    Atomics.notify(this.#words, Word.Ready);
  }

  /** Stops the job: no thread gets another entry. */
  stop(): void {
    Atomics.store(this.#words, Word.Stopped, 1);
    Atomics.notify(this.#words, Word.Ready);
  }

  /**
   * Yields the numbers of the entries that this thread is to prove, each as soon as it is ready. The
   * thread waits until then, so a main thread must publish all entries before it calls this.
   */
  *claims(): Generator<number, void, undefined> {
    for (;;) {
      const start = Atomics.add(this.#words, Word.Claimed, SPAN);
      if (start >= this.total) return;
      const end = Math.min(start + SPAN, this.total);
      for (let number = start; number < end; number++) {
        if (!this.#await(number)) return;
        yield number;
      }
    }
  }

  /** Counts an entry as done. */
  count(): void {
    Atomics.add(this.#words, Word.Done, 1);
  }

  /** Waits until entry `number` is ready. Returns false if the job was stopped. */
  #await(number: number): boolean {
    for (;;) {
      if (this.stopped) return false;
      const ready = Atomics.load(this.#words, Word.Ready);
      if (number < ready) return true;
      Atomics.wait(this.#words, Word.Ready, ready, SLICE);
    }
  }
}
