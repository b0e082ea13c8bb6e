import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { LayoutName } from '../data.js';
import type { MemDBStore } from '../subjects/memdb.js';
import type { Place } from '../workloads/workload.js';
import type { ReaderTask } from './reader.js';
import type { WriterTask } from './writer.js';

/** What a thread works on, as it is started with. */
export interface Assignment {
  readonly handle: SharedArrayBuffer;
  readonly layout: LayoutName;
  readonly size: number;
  /** Of the keys that it picks. */
  readonly seed: number;
  /** One word; the thread that goes on until it is stopped goes on while it is 1. */
  readonly going: SharedArrayBuffer;
}

/** A worker thread that is attached to a store, seen by the thread that tells it what to do. */
export class Thread<Task> {
  readonly #worker: Worker;
  readonly #going: Int32Array;

  private constructor(worker: Worker, going: SharedArrayBuffer) {
    this.#worker = worker;
    this.#going = new Int32Array(going);
  }

  static reader(place: Place, store: MemDBStore, seed: number): Promise<Thread<ReaderTask>> {
    return Thread.#start('reader.js', place, store, seed);
  }

  static writer(place: Place, store: MemDBStore, seed: number): Promise<Thread<WriterTask>> {
    return Thread.#start('writer.js', place, store, seed);
  }

  static async #start<Task>(
    script: string,
    { layout, size }: Place,
    store: MemDBStore,
    seed: number,
  ): Promise<Thread<Task>> {
    const going = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    const workerData: Assignment = { handle: store.db.handle, layout, size, seed, going };
    const worker = new Worker(join(__dirname, script), { workerData });
    await once(worker, 'message');
    return new Thread(worker, going);
  }

  /** Has the task done and answers what the thread answers. Throws what the thread throws. */
  async ask<Answer>(task: Task): Promise<Answer> {
    const answer = once(this.#worker, 'message');
    this.#worker.postMessage(task);
    return (await answer)[0];
  }

  /** Starts a task that goes on until `stop`; waits until it goes. */
  async start(task: Task): Promise<void> {
    Atomics.store(this.#going, 0, 1);
    await this.ask(task);
  }

  /** Ends what was started. Throws what the thread has thrown. */
  async stop(): Promise<void> {
    const answer = once(this.#worker, 'message');
    Atomics.store(this.#going, 0, 0);
    await answer;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Does `work` while the threads do `task`. */
export async function during<Task, Answer>(
  threads: readonly Thread<Task>[],
  task: Task,
  work: () => Promise<Answer>,
): Promise<Answer> {
  await Promise.all(threads.map((thread) => thread.start(task)));
  const answer = await work();
  await Promise.all(threads.map((thread) => thread.stop()));
  return answer;
}
