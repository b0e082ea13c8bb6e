import { Status } from '../engine.js';
import { now } from './clock.js';
import { Header, Session } from './layout.js';
import { type Memory, sessionWord } from './memory.js';
import type { Sessions } from './sessions.js';

/** Longest sleep before it is looked again who owns the mutex, and whether that thread lives, ms. */
const NAP = 10;
/** Who has waited so long is let go first, ms. */
const PATIENCE = 1;
/** More calls, one inside the other, than are made while the mutex is held, but for those of users. */
const DEPTH = 256;

/**
 * The transaction mutex of a database, held by a session. It is taken from an
 * owner that died; the new owner must then look at `Header.Dirty`. Threads that
 * come and go quickly cannot keep one that waits from it for long.
 */
export class TransactionMutex {
  private readonly memory: Memory;
  private readonly sessions: Sessions;
  private readonly session: number;

  constructor(memory: Memory, sessions: Sessions, session: number) {
    this.memory = memory;
    this.sessions = sessions;
    this.session = session;
  }

  /** The session that owns it, or -1. */
  get owner(): number {
    return this.memory.load(Header.Owner) - 1;
  }

  get owned(): boolean {
    return this.owner === this.session;
  }

  /** Takes the mutex if it is free and nobody is hungry for it. */
  tryAcquire(): boolean {
    return this.memory.load(Header.Hungry) === 0 && this.take(0);
  }

  /** Takes the mutex if its owner is known to be dead. */
  takeFromDead(): boolean {
    const { owner } = this;
    return owner >= 0 && this.sessions.dead(owner) && this.take(owner + 1);
  }

  /** Ok, Busy after `slice` ms, or Closed when the database is closed meanwhile. */
  acquire(slice: number): Status {
    if (this.tryAcquire()) return Status.Ok;
    const { memory, session } = this;
    const waiting = sessionWord(session) + Session.Waiting;
    memory.store(waiting, 1);
    const status = this.wait(slice);
    memory.store(waiting, 0);
    memory.swap(Header.Hungry, session + 1, 0);
    return status;
  }

  release(): void {
    this.memory.store(Header.Owner, 0);
    this.wake();
  }

  /** Has those who wait look again. */
  wake(): void {
    const { limit } = this.sessions;
    for (let session = 0; session < limit; session++) {
      if (this.sessions.field(session, Session.Waiting) !== 0) {
        Atomics.notify(this.memory.words, Header.Owner);
        return;
      }
    }
  }

  private wait(slice: number): Status {
    const { memory, session } = this;
    const start = now();
    for (let quiet = false; ; ) {
      if (memory.closed) return Status.Closed;
      // Read before it is tried: if the owner lets go after that, the nap below ends at once.
      const owner = memory.load(Header.Owner);
      const waited = now() - start;
      if (waited >= PATIENCE) memory.swap(Header.Hungry, 0, session + 1);
      const hungry = memory.load(Header.Hungry);
      if ((hungry === 0 || hungry === session + 1) && this.take(0)) return Status.Ok;
      // To find out who is dead takes longer than most owners have it.
      if (quiet || waited >= slice) {
        if (hungry !== 0 && this.sessions.gone(hungry - 1)) memory.swap(Header.Hungry, hungry, 0);
        if (this.takeFromDead()) return Status.Ok;
      }
      if (waited >= slice) return Status.Busy;
      const nap = waited < PATIENCE ? PATIENCE : NAP;
      const time = Math.min(nap, slice - waited);
      quiet = Atomics.wait(memory.words, Header.Owner, owner, time) === 'timed-out';
    }
  }

  private take(from: number): boolean {
    // Where the stack is nearly full this throws, and not what has to be done before it is given back.
    descend(DEPTH);
    return this.memory.swap(Header.Owner, from, this.session + 1);
  }
}

/** Throws a `RangeError` when there is no room on the stack for so many calls. */
function descend(calls: number): number {
  return calls === 0 ? 0 : descend(calls - 1) + 1;
}
