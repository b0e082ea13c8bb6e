import { Status } from '../engine.js';
import { moment, now, since } from './clock.js';
import { type Identity, sessionOf, threadOf, tokenOf } from './identity.js';
import { Header, Session } from './layout.js';
import { type Memory, sessionWord } from './memory.js';
import type { Sessions } from './sessions.js';

/** A waiting thread sleeps at most so long before it checks who owns the mutex and whether that thread lives, ms. */
const NAP = 10;
/** A thread that has waited so long goes first, ms. */
const PATIENCE = 1;
/** A thread that has not looked for so long does not wait any more, ms. It died, or its call was cut short. */
const ABSENCE = 100;
/** More nested calls than this engine makes while the mutex is held. */
const DEPTH = 256;

/**
 * The transaction mutex of a database, held by a session. It is taken from an
 * owner that died. The new owner must then look at `Header.Dirty`. Threads that
 * come and go quickly cannot keep a waiting thread from it for long.
 */
export class TransactionMutex {
  private readonly memory: Memory;
  private readonly sessions: Sessions;
  private readonly token: number;
  private readonly waiting: number;
  /** When this thread took its place among those that wait; 0 if it has none. */
  private joined = 0;
  /** When it last checked whether the owner is dead. */
  private examined = 0;

  constructor(memory: Memory, sessions: Sessions, session: number, identity: Identity) {
    this.memory = memory;
    this.sessions = sessions;
    this.token = tokenOf(session, identity);
    this.waiting = sessionWord(session) + Session.Waiting;
  }

  get free(): boolean {
    return this.memory.load(Header.Owner) === 0;
  }

  /** The thread that owns it, or -1. A later thread may have the session of an owner that died. */
  get holder(): number {
    const owner = this.memory.load(Header.Owner);
    if (owner === 0) return -1;
    const identity = this.sessions.identity(sessionOf(owner));
    return tokenOf(sessionOf(owner), identity) === owner ? threadOf(identity) : -1;
  }

  get owned(): boolean {
    return this.memory.load(Header.Owner) === this.token;
  }

  /** Takes the mutex if it is free and nobody is hungry for it. */
  tryAcquire(): boolean {
    return !this.contested && this.take(0);
  }

  /** Takes the mutex if its owner is known to be dead. */
  takeFromDead(): boolean {
    const owner = this.memory.load(Header.Owner);
    return owner !== 0 && owner !== this.token && this.sessions.gone(owner) && this.take(owner);
  }

  /** Ok, Busy after `slice` ms, or Closed when the database is closed meanwhile. */
  acquire(slice: number): Status {
    if (this.tryAcquire()) return Status.Ok;
    const { memory } = this;
    const status = this.wait(slice);
    // A place that this thread has too stays.
    if (this.joined !== 0) return status;
    memory.store(this.waiting, 0);
    memory.swap(Header.Hungry, this.token, 0);
    return status;
  }

  /**
   * Takes the mutex, or a place among those that wait: Ok, Busy or Closed. Like a waiting thread, it must look
   * again each time that somebody calls `Memory.alarm`.
   */
  join(): Status {
    const { memory } = this;
    if (memory.closed) return Status.Closed;
    const time = now();
    if (this.joined === 0) {
      this.joined = time;
      this.examined = time;
    }
    memory.store(this.waiting, moment());
    if (!this.contested) {
      if (time - this.joined >= PATIENCE) memory.store(Header.Hungry, this.token);
      if (this.take(0)) return this.leave();
    }
    if (time - this.examined < NAP) return Status.Busy;
    this.examined = time;
    return this.takeFromDead() ? this.leave() : Status.Busy;
  }

  /** Gives up the place that `join` took. Returns Ok. */
  leave(): Status {
    if (this.joined !== 0) {
      this.joined = 0;
      this.memory.store(this.waiting, 0);
      this.memory.swap(Header.Hungry, this.token, 0);
    }
    return Status.Ok;
  }

  release(): void {
    this.memory.store(Header.Owner, 0);
    this.wake();
  }

  /** Has those who wait look again. */
  wake(): void {
    this.memory.alarm();
    const { limit } = this.sessions;
    for (let session = 0; session < limit; session++) {
      if (this.sessions.field(session, Session.Waiting) !== 0) {
        this.memory.notify(Header.Owner);
        return;
      }
    }
  }

  private wait(slice: number): Status {
    const { memory } = this;
    const start = now();
    for (let quiet = false; ; ) {
      if (memory.closed) return Status.Closed;
      // Read before it is tried: if the owner lets go after that, the nap below ends at once.
      const owner = memory.load(Header.Owner);
      memory.store(this.waiting, moment());
      const waited = now() - start;
      if (!this.contested) {
        if (waited >= PATIENCE) memory.store(Header.Hungry, this.token);
        if (this.take(0)) return Status.Ok;
      }
      // To find out who is dead takes longer than most owners have it.
      if ((quiet || waited >= slice) && this.takeFromDead()) return Status.Ok;
      if (waited >= slice) return Status.Busy;
      const nap = waited < PATIENCE ? PATIENCE : NAP;
      quiet = memory.wait(Header.Owner, owner, Math.min(nap, slice - waited));
    }
  }

  /** Whether another thread is hungry, and still there. */
  private get contested(): boolean {
    const hungry = this.memory.load(Header.Hungry);
    if (hungry === 0 || hungry === this.token) return false;
    const seen = this.sessions.field(sessionOf(hungry), Session.Waiting);
    return seen !== 0 && since(seen) < ABSENCE;
  }

  private take(from: number): boolean {
    // Where the stack is nearly full this throws, and not what has to be done before it is given back.
    descend(DEPTH);
    return this.memory.swap(Header.Owner, from, this.token);
  }
}

/** Throws a `RangeError` when there is no room on the stack for so many calls. */
function descend(calls: number): number {
  return calls === 0 ? 0 : descend(calls - 1) + 1;
}
