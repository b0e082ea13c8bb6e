import { isBefore } from './epoch.js';
import {
  claimed,
  freed,
  generationOf,
  type Identity,
  LOWER_HALF,
  mayBeOf,
  pageUse,
  sessionOf,
  threadOf,
  tokenOf,
} from './identity.js';
import {
  Header,
  MAX_SESSIONS,
  OVERDUE,
  PAGE_PINS,
  PAGE_SHIFT,
  Pin,
  SESSION_PINS,
  Session,
} from './layout.js';
import { type Memory, sessionWord } from './memory.js';
import type { Pages } from './pages.js';
import { isDead, self } from './threads.js';

/** Bits of `Session.Task` below those of the generation. */
const TASK_BITS = 22;
const TASK_GENERATIONS = 1 << (32 - TASK_BITS);

/** What puts in order an attachment or its end if that was cut short. This thread's next claim calls it. */
let unfinished: (() => void) | undefined;

/** Notes that the session claimed last has an owner, who will give it up. */
export function completeClaim(): void {
  unfinished = undefined;
}

/** Ends an attachment by `end`. If that is cut short, the next claim of this thread calls `leave`. */
export function endAttachment(end: () => void, leave: () => void): void {
  unfinished?.();
  unfinished = leave;
  end();
  unfinished = undefined;
}

/**
 * The sessions of a database: which threads are attached to it, and what each
 * holds. One word says whose a session is. To claim the session is one step, and
 * so is to give it up; its other words count only with that word. A thread finds
 * out about the others here, and gives up the sessions of the dead.
 */
export class Sessions {
  private readonly memory: Memory;
  private readonly pages: Pages;

  constructor(memory: Memory, pages: Pages) {
    this.memory = memory;
    this.pages = pages;
  }

  /**
   * A session for this thread, or -1 when MAX_SESSIONS live threads have one. The next claim gives it up, unless
   * `completeClaim` is called before.
   */
  claim(): number {
    unfinished?.();
    const session = this.claimFree();
    if (session >= 0) return session;
    this.reap();
    return this.claimFree();
  }

  /** One more than the highest session ever used. */
  get limit(): number {
    return this.memory.load(Header.Sessions);
  }

  identity(session: number): Identity {
    return this.memory.loadLong(sessionWord(session) + Session.Identity);
  }

  /** The thread id of a session, or -1 when it is free. */
  thread(session: number): number {
    return this.memory.load(sessionWord(session) + Session.Identity + LOWER_HALF) - 1;
  }

  field(session: number, field: number): number {
    return this.memory.load(sessionWord(session) + field);
  }

  /** Whether the session with that token has been given up, or its thread is known to be dead. */
  gone(token: number): boolean {
    const session = sessionOf(token);
    const identity = this.identity(session);
    return (
      threadOf(identity) < 0 || tokenOf(session, identity) !== token || this.dead(session, identity)
    );
  }

  /**
   * Gives up the sessions of dead threads. So their pins and reads are gone; a transaction mutex
   * that one of them owned stays until another thread takes its place.
   */
  reap(): void {
    for (let session = 0; session < this.limit; session++) {
      const identity = this.identity(session);
      if (threadOf(identity) >= 0 && this.dead(session, identity)) this.giveUp(session, identity);
    }
  }

  /** Frees a session if it still has that identity, and with it what it holds. */
  giveUp(session: number, identity: Identity): void {
    const word = sessionWord(session) + Session.Identity;
    if (!this.memory.swapLong(word, identity, freed(identity))) return;
    this.memory.store(Header.Gathered, OVERDUE);
  }

  /** The oldest epoch in which a reader under way began; `now` if nobody reads. */
  oldestReader(now: number): number {
    let oldest = now;
    for (let session = 0; session < this.limit; session++) {
      const epoch = this.field(session, Session.Reading);
      if (epoch !== 0 && isBefore(epoch, oldest) && this.thread(session) >= 0) oldest = epoch;
    }
    return oldest;
  }

  /**
   * Calls `visit` with the version and the time of each pin of a session. Returns how many places
   * for pins it looked at, and one for the session.
   */
  visitPins(session: number, visit: (version: number, time: number) => void): number {
    const { memory } = this;
    if (this.thread(session) < 0) return 1;
    const word = sessionWord(session);
    const count = memory.load(word + Session.Pins);
    memory.refresh();
    let base = word + Session.FirstPin;
    let left = SESSION_PINS;
    let page = memory.load(word + Session.PinPage);
    for (let n = 0; n < count; n++, left--, base += Pin.Words) {
      if (left === 0) {
        // Not linked yet, and then without a pin; or the session was given up just now.
        if (!this.hasPage(session, page)) return n + 1;
        base = (page << PAGE_SHIFT) + Pin.Words;
        left = PAGE_PINS;
        page = memory.load(page << PAGE_SHIFT);
      }
      const version = memory.number(base + Pin.Version);
      if (version !== 0) visit(version, memory.number(base + Pin.Time));
    }
    return count + 1;
  }

  private claimFree(): number {
    const { memory } = this;
    for (let session = 0; session < MAX_SESSIONS; session++) {
      const word = sessionWord(session);
      const free = this.identity(session);
      if (threadOf(free) >= 0) continue;
      const identity = claimed(free, self);
      unfinished = () => this.giveUp(session, identity);
      if (!memory.swapLong(word + Session.Identity, free, identity)) continue;
      memory.raise(Header.Sessions, session + 1);
      // Until it is cleared it holds what the one before held: too much, never too little.
      for (let field: number = Session.Task; field < Session.FirstPin; field++) {
        memory.setWord(word + field, 0);
      }
      memory.setWord(word + Session.Family, self.family);
      memory.setWord(word + Session.TaskStart, self.taskStart);
      memory.store(word + Session.Task, tagged(self.task, identity));
      memory.store(word + Session.Reading, 0);
      return session;
    }
    unfinished = undefined;
    return -1;
  }

  /** Whether the thread of a session is known to be dead. */
  private dead(session: number, identity: Identity): boolean {
    const family = this.field(session, Session.Family);
    const task = this.field(session, Session.Task);
    // The other words may still be those of the thread that had the session before.
    const isInFamily = mayBeOf(identity, self.family) && (family === self.family || family === 0);
    const hasTask = task !== 0 && task === tagged(task, identity);
    return isDead({
      threadId: threadOf(identity),
      family: isInFamily ? self.family : 0,
      task: hasTask ? task & ((1 << TASK_BITS) - 1) : 0,
      taskStart: this.field(session, Session.TaskStart),
    });
  }

  private hasPage(session: number, page: number): boolean {
    const { pages } = this;
    return (
      page > 0 && page < pages.count && pages.use(page) === pageUse(session, this.identity(session))
    );
  }
}

/** What `Session.Task` is to be: the task and, above it, part of the generation. */
function tagged(task: number, identity: Identity): number {
  const id = task & ((1 << TASK_BITS) - 1);
  return id === 0 ? 0 : id | ((generationOf(identity) % TASK_GENERATIONS) << TASK_BITS);
}
