import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { MemDB } from 'accumulate-memdb';

interface Answer {
  id: number;
  result?: unknown;
  error?: { name: string; code?: string; message: string; holder?: number };
}

/** Another thread, which runs the actions of thread.mjs. */
export class Thread {
  readonly #worker = new Worker(new URL('./thread.mjs', import.meta.url));
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #calls = 0;

  constructor() {
    this.#worker.on('message', (answer: Answer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  /** Starts a thread that is attached to the database. */
  static async attached(db: MemDB): Promise<Thread> {
    const thread = new Thread();
    await thread.call('attach', db.handle);
    return thread;
  }

  get threadId(): number {
    return this.#worker.threadId;
  }

  /** Returns the result of an action. Rejects with the plain properties of the error that it threw. */
  async call(action: string, ...args: unknown[]): Promise<unknown> {
    const id = this.#calls++;
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#worker.postMessage({ id, action, args });
    });
    if (answer.error) throw answer.error;
    return answer.result;
  }

  /** Ends the thread, wherever it is. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  /** Resolves when the thread has ended without `end`. */
  async ended(): Promise<void> {
    await once(this.#worker, 'exit');
  }
}
