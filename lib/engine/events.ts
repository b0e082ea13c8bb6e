import type { Worker } from 'node:worker_threads';

/** What the copies of the package in this thread wait for. */
interface Listeners {
  readonly workerExit: Set<(threadId: number) => void>;
  /** In the order in which they are called when the thread exits. */
  readonly exit: { readonly calls: Set<() => void>; readonly engines: Set<() => void> };
}

/** Under this name every copy of the package in the thread finds the same listeners. */
const LISTENERS = Symbol.for('accumulate-memdb/listeners/1');

/** Calls `listener` with the thread id of each worker that this thread started, once the worker has ended. */
export function onWorkerExit(listener: (threadId: number) => void): void {
  listeners().workerExit.add(listener);
}

/** Calls `listener` when the thread ends by itself: first those that end calls, then those of engines. */
export function onExit(phase: 'calls' | 'engines', listener: () => void): void {
  listeners().exit[phase].add(listener);
}

/** One registration a thread, so that loading the package again and again adds no listener. */
function listeners(): Listeners {
  const known = process as typeof process & { [LISTENERS]?: Listeners };
  let set = known[LISTENERS];
  if (set === undefined) {
    const added: Listeners = {
      workerExit: new Set(),
      exit: { calls: new Set(), engines: new Set() },
    };
    set = added;
    known[LISTENERS] = added;
    process.on('worker', (worker: Worker) => {
      const id = worker.threadId;
      worker.once('exit', () => {
        for (const listener of added.workerExit) listener(id);
      });
    });
    process.prependListener('exit', () => {
      for (const phase of [added.exit.calls, added.exit.engines]) {
        for (const listener of phase) listener();
      }
    });
  }
  return set;
}
