import { Alarm, type Look } from './alarm.js';
import { type Engine, Status } from './engine.js';
import { failure } from './failure.js';
import { type Limits, type Waiter, Waits } from './waits.js';

/** Those of one connection that wait for the transaction mutex without blocking the thread, in their order. */
export class Turns {
  readonly #engine: Engine;
  readonly #database: number;
  readonly #alarm: Alarm;
  readonly #waits: Waits<void>;

  constructor(engine: Engine, database: number) {
    this.#engine = engine;
    this.#database = database;
    this.#alarm = new Alarm(engine.handle(database), () => this.#look());
    this.#waits = new Waits(
      () => this.#alarm.check(),
      () => {
        if (this.#waits.size === 0) this.#end();
      },
    );
  }

  /** Has `waiter` proceed in a task of its own that holds the mutex, which it must give back. */
  add(waiter: Waiter<void>, limits: Limits): void {
    this.#waits.add(waiter, limits);
    if (this.#waits.size > 0) this.#alarm.start();
  }

  /** Has all fail: the database is closed. */
  close(): void {
    if (this.#waits.size === 0) return;
    this.#end();
    this.#waits.failAll(() => failure(Status.Closed));
  }

  #end(): void {
    this.#alarm.stop();
    this.#engine.leave(this.#database);
  }

  #look(): Look {
    const { first } = this.#waits;
    if (first === undefined) return 'over';
    const status = this.#engine.join(this.#database);
    // This thread holds the mutex if a call was cut short, and gives it back soon.
    if (status === Status.Busy || status === Status.Nested) return 'wait';
    if (status === Status.Ok) {
      this.#waits.remove(first);
      first.proceed();
    } else {
      this.#waits.failAll(() => failure(status));
    }
    return this.#waits.size > 0 ? 'more' : 'over';
  }
}
