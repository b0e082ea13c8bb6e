import { pageUse, sessionOf, threadOf } from './identity.js';
import { Header, Mark, PAGE_MAP_WORD, PAGE_SHIFT, PageUse, Session } from './layout.js';
import { type Memory, sessionWord } from './memory.js';

/**
 * The pages of the memory. Any thread may claim one with one step on the page
 * map. Only the owner of the transaction mutex claims runs and gives pages back. The pages of
 * a session are free from the step on that gives it up.
 */
export class Pages {
  private readonly memory: Memory;

  constructor(memory: Memory) {
    this.memory = memory;
  }

  use(page: number): number {
    return this.memory.word(PAGE_MAP_WORD + page);
  }

  /** Whether a page of that use may be taken. */
  isFree(use: number): boolean {
    if (use <= PageUse.Session) return use === PageUse.Free;
    const session = sessionOf(use - PageUse.Session);
    const identity = this.memory.loadLong(sessionWord(session) + Session.Identity);
    return threadOf(identity) < 0 || use !== pageUse(session, identity);
  }

  setUse(page: number, use: number): void {
    this.memory.store(PAGE_MAP_WORD + page, use);
  }

  /** How many pages there are; all of them are then in this thread's view of the memory. */
  get count(): number {
    const { memory } = this;
    memory.refresh();
    return memory.words.length >> PAGE_SHIFT;
  }

  /** A free page, now with that use, or 0 when memory cannot be allocated. */
  claim(use: number): number {
    do {
      const page = this.search(1, (at) => this.take(at, use));
      if (page !== 0) return page;
    } while (this.memory.grow(1));
    return 0;
  }

  /** The first of `length` pages in a row, marked as a free block, or 0 when memory cannot be allocated. */
  claimRun(length: number): number {
    for (;;) {
      const page = this.search(length, (first) => this.takeRun(first, length));
      if (page !== 0) return page;
      let free = 0;
      while (this.isFree(this.use(this.count - 1 - free))) free++;
      if (!this.memory.grow(Math.max(length - free, 1))) return 0;
    }
  }

  release(page: number): void {
    this.setUse(page, PageUse.Free);
    if (page < this.memory.word(Header.FreePage)) this.memory.setWord(Header.FreePage, page);
  }

  /** The length of the run that begins at `page`, or 0. */
  runLength(page: number): number {
    const use = this.use(page);
    return use >= PageUse.Run && use < PageUse.Session ? use - PageUse.Run : 0;
  }

  /** Gives a run back, the first page first: so its rest is never taken for that of another. */
  releaseRun(first: number, length: number): void {
    for (let page = first; page < first + length; page++) this.release(page);
  }

  /**
   * Returns the first page that `take` takes, or 0. The search begins where the last one ended. That is
   * a hint, which other threads may change at the same time.
   */
  private search(length: number, take: (page: number) => boolean): number {
    const { memory } = this;
    const hint = memory.word(Header.FreePage);
    const end = this.count - length;
    for (let page = hint; page <= end; page++) {
      if (take(page)) {
        if (length === 1) memory.setWord(Header.FreePage, page + 1);
        return page;
      }
    }
    for (let page = 0; page < Math.min(hint, end + 1); page++) {
      if (take(page)) return page;
    }
    return 0;
  }

  private take(page: number, use: number): boolean {
    const before = this.use(page);
    return this.isFree(before) && this.memory.swap(PAGE_MAP_WORD + page, before, use);
  }

  private takeRun(first: number, length: number): boolean {
    for (let n = 0; n < length; n++) {
      if (!this.take(first + n, n === 0 ? PageUse.Claimed : PageUse.Rest)) {
        this.releaseRun(first, n);
        return false;
      }
    }
    this.memory.setNumber(first << PAGE_SHIFT, Mark.Free);
    this.setUse(first, PageUse.Run + length);
    return true;
  }
}
