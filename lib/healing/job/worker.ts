import { parentPort, workerData } from 'node:worker_threads';
import { MemDB } from '../../index.js';
import { Board } from './board.js';
import { Prover } from './prover.js';
import type { Task } from './task.js';

/** What a worker is started with. */
export interface WorkerTask {
  readonly handle: SharedArrayBuffer;
  readonly tasks: readonly Task[];
  readonly board: { readonly total: number; readonly shared: SharedArrayBuffer };
}

/** The body of a worker thread: proves the entries that it claims, and posts what it has proved. */
function work({ handle, tasks, board: { total, shared } }: WorkerTask): void {
  const db = MemDB.attach(handle);
  const board = new Board(total, shared);
  const prover = new Prover(db, tasks);
  for (const number of board.claims()) {
    prover.prove(number);
    board.count();
  }
  prover.close();
  parentPort?.postMessage(prover.proofs);
  db.close();
}

work(workerData as WorkerTask);
