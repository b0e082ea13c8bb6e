import { threadId } from 'node:worker_threads';
import { isBefore } from './epoch.js';
import {
  Header,
  MAX_SESSIONS,
  OVERDUE,
  PAGE_PINS,
  PAGE_SHIFT,
  PageUse,
  Pin,
  SESSION_PINS,
  Session,
} from './layout.js';
import { type Memory, sessionWord } from './memory.js';
import type { Pages } from './pages.js';
import { isDead, self } from './threads.js';

/**
 * The sessions of a database: which threads are attached to it, and what each
 * holds. A thread finds out about the others here, and clears away those that
 * died.
 */
export class Sessions {
  private readonly memory: Memory;
  private readonly pages: Pages;

  constructor(memory: Memory, pages: Pages) {
    this.memory = memory;
    this.pages = pages;
  }

  /** A session for this thread, or -1 when MAX_SESSIONS live threads have one. */
  claim(): number {
    const session = this.claimFree();
    if (session >= 0) return session;
    this.reap();
    return this.claimFree();
  }

  /** One more than the highest session ever used. */
  get limit(): number {
    return this.memory.load(Header.Sessions);
  }

  /** The thread id of a session, or -1 when it is free, being set up or being cleared away. */
  thread(session: number): number {
    return Math.max(this.field(session, Session.Thread), 0) - 1;
  }

  field(session: number, field: number): number {
    return this.memory.load(sessionWord(session) + field);
  }

  /** Whether the session's thread is known to be dead. */
  dead(session: number): boolean {
    const thread = this.field(session, Session.Thread);
    return (
      thread > 0 &&
      isDead({
        threadId: thread - 1,
        family: this.field(session, Session.Family),
        place: this.field(session, Session.Place),
        task: this.field(session, Session.Task),
        taskStart: this.field(session, Session.TaskStart),
      })
    );
  }

  /** Whether the session has no thread, or one that is known to be dead. */
  gone(session: number): boolean {
    return this.thread(session) < 0 || this.dead(session);
  }

  /**
   * Clears away what dead threads held: reading, pins, memory of their own. All but the
   * transaction mutex, whose dead owner stays until another takes its place.
   */
  reap(): void {
    for (let session = 0; session < this.limit; session++) {
      const thread = this.thread(session);
      if (this.dead(session) && this.memory.load(Header.Owner) !== session + 1) {
        this.release(session, thread);
      }
    }
  }

  /** Frees a session that is the given thread's, by default this one's, and what it holds. */
  release(session: number, thread = threadId): void {
    const { memory } = this;
    const word = sessionWord(session);
    // Two may find the same thread dead: one of them goes on. By then the session may have a new
    // thread; ids of threads are not used twice. From here on it holds nothing, should this end early.
    const known = thread + 1;
    if (known <= 0 || !memory.swap(word + Session.Thread, known, -known)) return;
    memory.store(word + Session.Pins, 0);
    memory.store(word + Session.Reading, 0);
    memory.store(Header.Gathered, OVERDUE);
    memory.swap(Header.Hungry, session + 1, 0);
    if (memory.word(word + Session.PinPage) !== 0) this.releasePages(session);
    memory.words.fill(0, word + Session.Family, word + Session.FirstPin);
    memory.store(word + Session.Thread, 0);
  }

  private claimFree(): number {
    const { memory } = this;
    for (let session = 0; session < MAX_SESSIONS; session++) {
      const word = sessionWord(session);
      // Negative until the rest is written: others cannot tell yet whether the thread lives.
      if (!memory.swap(word + Session.Thread, 0, -1 - threadId)) continue;
      memory.raise(Header.Sessions, session + 1);
      memory.setWord(word + Session.Family, self.family);
      memory.setWord(word + Session.Place, self.place);
      memory.setWord(word + Session.Task, self.task);
      memory.setWord(word + Session.TaskStart, self.taskStart);
      memory.store(word + Session.Thread, 1 + threadId);
      return session;
    }
    return -1;
  }

  private releasePages(session: number): void {
    const { count } = this.pages;
    for (let page = 0; page < count; page++) {
      if (this.pages.use(page) === PageUse.Session + session) this.pages.release(page);
    }
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
        // Not linked yet, and then without a pin; or the session was released just now.
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

  private hasPage(session: number, page: number): boolean {
    return (
      page > 0 && page < this.pages.count && this.pages.use(page) === PageUse.Session + session
    );
  }
}
