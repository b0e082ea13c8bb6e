import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { MemDB } from '../../index.js';
import type { Board } from './board.js';
import { Latencies } from './latencies.js';
import { MAX_FAILURES, type Proofs } from './prover.js';
import type { Task } from './task.js';
import type { WorkerTask } from './worker.js';

/** The file that a worker thread runs. A bundle does not have it. */
const WORKER =
  typeof __dirname === 'string' && __dirname.endsWith(join('dist', 'lib', 'healing', 'job'))
    ? join(__dirname, 'worker.js')
    : undefined;

/** Worker threads that prove the entries of one board together. */
export class Team {
  readonly #board: Board;
  readonly #workers: Worker[];
  readonly #proofs: Promise<Proofs[]>;

  /** Whether worker threads can be started. */
  static readonly possible = WORKER !== undefined;

  /** Starts `size` workers, which attach to the database by its handle. */
  constructor(db: MemDB, tasks: readonly Task[], board: Board, size: number) {
    this.#board = board;
    const { total, shared } = board;
    const workerData: WorkerTask = { handle: db.handle, tasks, board: { total, shared } };
    this.#workers = Array.from(
      { length: size },
      () => new Worker(WORKER as string, { workerData }),
    );
    this.#proofs = Promise.all(this.#workers.map(proofsOf));
    // `proofs` reports the error. It may be called later than the error happens.
    this.#proofs.catch(() => board.stop());
  }

  /**
   * Returns what all workers have proved. If one of them throws, the others are stopped, and this
   * rejects with that error. Also rejects if they proved fewer entries than the board has.
   */
  async proofs(): Promise<Proofs> {
    const proofs = sum(await this.#proofs);
    const { total } = this.#board;
    if (proofs.receipts === total) return proofs;
    throw new Error(`the workers proved ${proofs.receipts} of ${total} entries`);
  }

  /** Terminates the threads, whatever they are doing. */
  async end(): Promise<void> {
    this.#board.stop();
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

function proofsOf(worker: Worker): Promise<Proofs> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => {
      reject(new Error(`worker ${worker.threadId} ended with code ${code} before it was done`));
    });
  });
}

function sum(all: readonly Proofs[]): Proofs {
  const latency = new Latencies();
  for (const proofs of all) latency.add(proofs.latency);
  return {
    receipts: all.reduce((n, proofs) => n + proofs.receipts, 0),
    failed: all.reduce((n, proofs) => n + proofs.failed, 0),
    failures: all.flatMap((proofs) => proofs.failures).slice(0, MAX_FAILURES),
    latency: latency.counts,
  };
}
