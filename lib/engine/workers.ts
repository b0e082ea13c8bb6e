import type { Worker } from 'node:worker_threads';

type Listener = (threadId: number) => void;

/** Under this name every copy of the package in the thread finds the same set. */
const LISTENERS = Symbol.for('accumulate-memdb/worker-exit/1');

/** Calls `listener` with the thread id of each worker that this thread started, once the worker has ended. */
export function onWorkerExit(listener: Listener): void {
  const known = process as typeof process & { [LISTENERS]?: Set<Listener> };
  if (known[LISTENERS] === undefined) {
    const listeners = new Set<Listener>();
    known[LISTENERS] = listeners;
    process.on('worker', (worker: Worker) => {
      const id = worker.threadId;
      worker.once('exit', () => {
        for (const each of listeners) each(id);
      });
    });
  }
  known[LISTENERS].add(listener);
}
