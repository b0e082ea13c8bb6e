import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { MemDBStore } from '../subjects/memdb.js';
import type { Place } from '../workloads/workload.js';
import type { Assignment, HotKeyTask, ReaderTask, WriterTask } from './tasks.js';

/** A worker thread attached to a store, for the thread that gives it tasks. */
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

  static hotKey(place: Place, store: MemDBStore): Promise<Thread<HotKeyTask>> {
    return Thread.#start('hotkey.js', place, store, 0);
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

  /** Has the task done and returns the thread's reply. Throws what the thread throws. */
  async ask<Reply>(task: Task): Promise<Reply> {
    const reply = once(this.#worker, 'message');
    this.#worker.postMessage(task);
    return (await reply)[0];
  }

  /** Starts a task that goes on until `stop`; returns when it runs. */
  async start(task: Task): Promise<void> {
    Atomics.store(this.#going, 0, 1);
    await this.ask(task);
  }

  /** Stops the task and returns the thread's reply. Throws what the thread throws. */
  async stop<Reply>(): Promise<Reply> {
    const reply = once(this.#worker, 'message');
    Atomics.store(this.#going, 0, 0);
    return (await reply)[0];
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Does `work` while the threads do `task`. */
export async function during<Task, Result>(
  threads: readonly Thread<Task>[],
  task: Task,
  work: () => Promise<Result>,
): Promise<Result> {
  await Promise.all(threads.map((thread) => thread.start(task)));
  const result = await work();
  await Promise.all(threads.map((thread) => thread.stop()));
  return result;
}
