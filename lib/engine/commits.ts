import { Alarm, type Look } from './alarm.js';
import { type Engine, Status } from './engine.js';
import { failure } from './failure.js';
import { type Limits, type Waiter, Waits } from './waits.js';

/** Somebody who waits until there were more than so many commits. */
export interface CommitWaiter extends Waiter<number> {
  readonly after: number;
  /** What must live on meanwhile: the connection, whose end would close the attachment. */
  readonly keeps: object;
}

/** Those of one connection that wait for a commit, in whichever thread. */
export class Commits {
  readonly #engine: Engine;
  readonly #database: number;
  readonly #alarm: Alarm;
  readonly #waits: Waits<number, CommitWaiter>;

  constructor(engine: Engine, database: number) {
    this.#engine = engine;
    this.#database = database;
    this.#alarm = new Alarm(engine.handle(database), () => this.#look());
    this.#waits = new Waits(
      () => this.#alarm.check(),
      () => {
        if (this.#waits.size === 0) this.#alarm.stop();
      },
    );
  }

  /** Has `waiter` proceed with the version once it is greater. */
  add(waiter: CommitWaiter, limits: Limits): void {
    this.#waits.add(waiter, limits);
    if (this.#waits.size > 0) this.#alarm.start();
  }

  /** Has all fail: the database is closed. */
  close(): void {
    this.#alarm.stop();
    this.#waits.failAll(() => failure(Status.Closed));
  }

  #look(): Look {
    const version = this.#engine.version(this.#database);
    if (version < 0) this.#waits.failAll(() => failure(version));
    for (const waiter of this.#waits) {
      if (version > waiter.after && this.#waits.remove(waiter)) waiter.proceed(version);
    }
    return this.#waits.size > 0 ? 'wait' : 'over';
  }
}
