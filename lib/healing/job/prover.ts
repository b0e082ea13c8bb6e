import type { MemDB, ReadBatch } from '../../index.js';
import { Chain } from '../chain.js';
import type { Receipt } from '../receipt.js';
import { Checker } from './checker.js';
import { now } from './clock.js';
import { Latencies, type LatencyCounts } from './latencies.js';
import { BLOCK_SIZE, syntheticEntry } from './synthetic.js';
import { keyOf, MARK_POWER, type Task } from './task.js';

/** How many failures are described in words. */
export const MAX_FAILURES = 20;

/** What a thread has proved: only numbers, texts and arrays, because other runtimes cannot post histograms. */
export interface Proofs {
  readonly receipts: number;
  readonly failed: number;
  /** The first failures in words. */
  readonly failures: string[];
  /** The time of each receipt in ns, from `begin` of its batch to `discard`. */
  readonly latency: LatencyCounts;
}

/** Proves entries of tasks in one thread, each in a read-only batch of its own. */
export class Prover {
  readonly #db: MemDB;
  /** The checkers read stored entries from this batch. */
  readonly #batch: ReadBatch;
  readonly #subjects: Subject[];
  readonly #latency = new Latencies();
  readonly #failures: string[] = [];
  #receipts = 0;
  #failed = 0;

  constructor(db: MemDB, tasks: readonly Task[]) {
    this.#db = db;
    this.#batch = db.begin(null, false);
    let first = 0;
    this.#subjects = tasks.map((task) => {
      const subject = new Subject(this.#batch, task, first);
      first = subject.end;
      return subject;
    });
    // If nothing is read from it, the batch would only keep superseded versions in memory.
    if (tasks.every((task) => task.entries === 'synthetic')) this.#batch.discard();
  }

  get proofs(): Proofs {
    return {
      receipts: this.#receipts,
      failed: this.#failed,
      failures: this.#failures,
      latency: this.#latency.counts,
    };
  }

  /**
   * Proves entry `number`, counted through all tasks, to the anchor that its chain has now, and checks
   * the receipt.
   */
  prove(number: number): void {
    const subject = this.#subjectOf(number);
    const index = subject.indexOf(number);
    const fault = this.#fault(subject, index);
    this.#receipts++;
    if (fault === undefined) return;
    this.#failed++;
    if (this.#failures.length < MAX_FAILURES) {
      this.#failures.push(`entry ${index} of ${subject.chain.key}: ${fault}`);
    }
  }

  /** Ends the batch that the prover keeps. */
  close(): void {
    this.#batch.discard();
  }

  #fault(subject: Subject, index: number): string | undefined {
    const begin = now();
    const batch = this.#db.begin(null, false);
    try {
      const receipt = subject.chain.over(batch).receipt(index);
      batch.discard();
      this.#latency.record((now() - begin) * 1e6);
      return subject.fault(receipt, index);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      batch.discard();
    }
  }

  /** Returns the subject that has entry `number`. */
  #subjectOf(number: number): Subject {
    let low = 0;
    let high = this.#subjects.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (number < (this.#subjects[middle] as Subject).end) high = middle;
      else low = middle + 1;
    }
    const subject = this.#subjects[low];
    if (!subject || number < subject.first || number >= subject.end) {
      throw new RangeError(`no entry ${number}`);
    }
    return subject;
  }
}

/** A task in one thread: its chain, and the checker of its receipts. */
class Subject {
  readonly end: number;
  readonly chain: Chain;
  readonly #task: Task;
  readonly #checker: Checker;

  constructor(
    batch: ReadBatch,
    task: Task,
    /** The number of its first entry, counted through all tasks. */
    readonly first: number,
  ) {
    this.end = first + task.to - task.from;
    this.chain = new Chain(batch, keyOf(task), MARK_POWER);
    this.#task = task;
    const entry =
      task.entries === 'synthetic' ? syntheticEntry : (i: number) => this.chain.entry(i);
    this.#checker = new Checker(entry, task.given);
  }

  /** Returns the index in the chain of entry `number`. */
  indexOf(number: number): number {
    return this.#task.from + number - this.first;
  }

  /** Returns what is wrong with a receipt that should prove entry `index`; undefined if it is right. */
  fault(receipt: Receipt, index: number): string | undefined {
    const { to, entries } = this.#task;
    const count = receipt.endIndex + 1;
    if (count !== to && (entries === 'stored' || count % BLOCK_SIZE !== 0)) {
      return `it sees ${count} entries, which the chain has at the end of no block`;
    }
    return this.#checker.fault(receipt, index);
  }
}
