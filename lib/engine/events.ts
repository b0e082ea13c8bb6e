import type { Worker } from 'node:worker_threads';

/** What the copies of the package in this thread wait for. */
interface Listeners {
  readonly workerExit: Set<(threadId: number) => void>;
  readonly exit: Set<() => void>;
}

/** Under this name every copy of the package in the thread finds the same listeners. */
const LISTENERS = Symbol.for('accumulate-memdb/listeners/1');

/** Calls `listener` with the thread id of each worker that this thread started, once the worker has ended. */
export function onWorkerExit(listener: (threadId: number) => void): void {
  listeners().workerExit.add(listener);
}

/** Calls `listener` when the thread ends by itself, before other listeners that were added later. */
export function onExit(listener: () => void): void {
  listeners().exit.add(listener);
}

/** One registration a thread, so that loading the package again and again adds no listener. */
function listeners(): Listeners {
  const known = process as typeof process & { [LISTENERS]?: Listeners };
  let set = known[LISTENERS];
  if (set === undefined) {
    const added: Listeners = { workerExit: new Set(), exit: new Set() };
    set = added;
    known[LISTENERS] = added;
    process.on('worker', (worker: Worker) => {
      const id = worker.threadId;
      worker.once('exit', () => {
        for (const listener of added.workerExit) listener(id);
      });
    });
    process.prependListener('exit', () => {
      for (const listener of added.exit) listener();
    });
  }
  return set;
}
