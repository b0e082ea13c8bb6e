import { threadId } from 'node:worker_threads';
import { Status } from '../engine.js';
import { HandleWord } from '../handle.js';
import { moment, since } from './clock.js';
import { Heap } from './heap.js';
import type { Identity } from './identity.js';
import { DELETED, Entry, Header, type Ref, Session } from './layout.js';
import { type Memory, sessionWord } from './memory.js';
import { TransactionMutex } from './mutex.js';
import { Pages } from './pages.js';
import type { Pending } from './pending.js';
import { Pins } from './pins.js';
import { recover } from './recovery.js';
import { Retired } from './retired.js';
import { completeClaim, Sessions } from './sessions.js';
import { Superseded } from './superseded.js';
import { Table } from './table.js';
import { isIndex, VersionIndex } from './versionindex.js';
import { Writer } from './writer.js';

/** How many superseded entries a call examines at most, apart from those that it superseded itself. */
const STEP = 2048;

/** If readers hold up more blocks than this, a thread checks whether some of them are dead. */
const HELD_UP = 64;

/** How often a thread looks for dead threads that no event has reported, ms. */
const REAP_INTERVAL = 100;

/** How long an idle thread frees what others have left before other work goes on, ms. */
const TIDY_TIME = 5;

/**
 * One database as this thread sees it through its session: reading, which waits
 * for nobody, and what is done under the transaction mutex.
 */
export class Store {
  readonly memory: Memory;
  readonly heap: Heap;
  readonly sessions: Sessions;
  readonly retired: Retired;
  readonly table: Table;
  readonly superseded: Superseded;
  readonly mutex: TransactionMutex;
  readonly pins: Pins;
  /** This thread's session, and whose it is. */
  readonly session: number;
  private readonly identity: Identity;
  /** The word that announces that this thread reads. */
  private readonly reading: number;
  private readonly versions: VersionIndex;
  private readonly writer: Writer;
  /** Whether an update holds the transaction mutex. If this thread has it otherwise, a commit was cut short. */
  private updates = false;
  /** How many entries more than STEP are to be examined next, for a commit that superseded so many. */
  private owed = 0;
  /** If the last commit would have passed `maxBytes`: how many bytes it needed. Else 0. */
  overLimit = 0;

  private constructor(memory: Memory, heap: Heap, sessions: Sessions, session: number) {
    this.memory = memory;
    this.heap = heap;
    this.sessions = sessions;
    this.session = session;
    this.identity = sessions.identity(session);
    this.reading = sessionWord(session) + Session.Reading;
    this.retired = new Retired(memory, heap, sessions);
    this.table = new Table(memory, heap, this.retired);
    this.versions = new VersionIndex(memory, heap, this.retired);
    this.superseded = new Superseded(
      memory,
      heap,
      this.table,
      this.versions,
      this.retired,
      sessions,
    );
    this.writer = new Writer(memory, heap, this.table, this.versions, this.retired);
    this.mutex = new TransactionMutex(memory, sessions, session, this.identity);
    this.pins = new Pins(memory, heap.pages, session, this.identity);
  }

  /**
   * Attaches this thread. Returns undefined if too many threads are attached. `keep` notes the store, so that
   * `leave` is called once nobody needs it.
   */
  static open(memory: Memory, keep?: (store: Store) => void): Store | undefined {
    const heap = new Heap(memory);
    const sessions = new Sessions(memory, heap.pages);
    const session = sessions.claim();
    if (session < 0) return undefined;
    const store = new Store(memory, heap, sessions, session);
    keep?.(store);
    completeClaim();
    return store;
  }

  /** Whether any live thread is attached to a database. */
  static inUse(memory: Memory): boolean {
    const sessions = new Sessions(memory, new Pages(memory));
    sessions.reap();
    for (let session = 0; session < sessions.limit; session++) {
      if (sessions.thread(session) >= 0) return true;
    }
    return false;
  }

  /** Ends this thread's attachment. */
  leave(): void {
    this.letGo();
    this.sessions.giveUp(this.session, this.identity);
  }

  /** Gives the transaction mutex back if this thread has it, in order though a change was cut short. */
  letGo(): void {
    if (!this.mutex.owned) return;
    if (this.memory.word(Header.Dirty) !== 0) this.takeOver();
    this.updates = false;
    this.mutex.release();
  }

  /**
   * Gives back what a call of this thread left when a time limit or a stack overflow ended it. Call
   * this only when no call can be under way: from a task of the event loop.
   */
  settle(): void {
    if (this.memory.word(this.reading) !== 0) this.endRead();
    this.letGo();
  }

  /**
   * Frees what other threads have left. An idle thread calls this now and then. Returns whether it
   * freed something and there is more.
   */
  tidy(): boolean {
    this.settle();
    if (!this.superseded.pending && this.retired.count === 0 && this.mutex.free) return false;
    const start = moment();
    const before = this.left;
    let left: number;
    do left = this.reclaim();
    while (left > 0 && since(start) < TIDY_TIME);
    return left > 0 && left < before;
  }

  /** Whether an update of this thread is under way, perhaps one by another copy of the package. */
  get updating(): boolean {
    if (!this.updates) this.letGo();
    return this.mutex.holder === threadId;
  }

  /** Closes the database for all. */
  close(): void {
    this.memory.store(HandleWord.Closed, 1);
    this.mutex.wake();
  }

  /** Adds to the number of open batches that other threads see. */
  countBatch(change: number): void {
    const word = sessionWord(this.session) + Session.Batches;
    this.memory.setWord(word, this.memory.word(word) + change);
  }

  setBatchCount(count: number): void {
    this.memory.setWord(sessionWord(this.session) + Session.Batches, count);
  }

  /** The tag of the digest in the eight words at `at`. */
  tagOf(words: Int32Array, at: number): number {
    return this.table.tagOf(words, at);
  }

  /**
   * To be called before entries are looked for, and `endRead` after: until then no block that is found is
   * freed. The views of the memory may be older than what is found, so each word is reached before it is read.
   */
  startRead(): void {
    const { memory } = this;
    memory.store(this.reading, memory.word(Header.Epoch));
  }

  endRead(): void {
    this.memory.store(this.reading, 0);
  }

  /**
   * Returns the entry that a pin of `version` sees for the digest in the eight words at `at`, or 0.
   *
   * The entry stays as long as the pin. The call must stand between `startRead` and `endRead`.
   */
  find(tag: number, digest: Int32Array, at: number, version: number): Ref {
    return this.visible(this.table.find(tag, digest, at), version);
  }

  /** Calls `visit` for what a pin of `version` sees in the segment from `tag` on; returns the next. */
  visitSegment(tag: number, version: number, visit: (entry: Ref) => void): number {
    this.startRead();
    try {
      return this.table.visitSegment(tag, (newest) => {
        const entry = this.visible(newest, version);
        if (entry !== 0) visit(entry);
      });
    } finally {
      this.endRead();
    }
  }

  /** Takes the transaction mutex for an update: Ok, Busy after `slice` ms, Closed, or Nested inside one. */
  startUpdate(slice: number): Status {
    if (this.updating) return Status.Nested;
    const status = this.lock(slice);
    this.updates = status === Status.Ok;
    return status;
  }

  /** Takes the transaction mutex: Ok, Busy after `slice` ms, or Closed. */
  lock(slice: number): Status {
    const status = this.mutex.acquire(slice);
    if (status === Status.Ok) this.takeOver();
    return status;
  }

  /**
   * Takes the transaction mutex for an update, or a place among those that wait for it: Ok, Busy, Closed, or
   * Nested inside an update.
   */
  join(): Status {
    if (this.updating) return Status.Nested;
    const status = this.mutex.join();
    if (status === Status.Ok) this.takeOver();
    this.updates = status === Status.Ok;
    return status;
  }

  /** Makes the writes the next version: Ok, or Full and nothing has changed. Under the mutex. */
  commit(writes: Pending): Status {
    const { memory, writer } = this;
    this.startChange();
    const version = memory.published + 1;
    let growth = writer.link(writes, version);
    if (growth === undefined) {
      // What could be freed by and by may be enough, and what dead threads kept from being freed.
      this.reapSessions();
      this.withdraw();
      growth = writer.link(writes, version);
    }
    const bytes = memory.number(Header.Bytes) + (growth?.bytes ?? 0);
    this.overLimit = bytes > memory.number(Header.MaxBytes) ? bytes : 0;
    if (growth === undefined || this.overLimit > 0) {
      this.withdraw();
      memory.setWord(Header.Dirty, 0);
      return Status.Full;
    }
    this.publish(version, memory.number(Header.Entries) + growth.entries, bytes);
    memory.setWord(Header.Dirty, 0);
    return Status.Ok;
  }

  /** Frees what no pin sees, in bounded time and so much the more after a commit. Under the mutex. */
  freeSome(): void {
    const limit = this.owed + STEP;
    this.owed = 0;
    if (!this.superseded.due) return;
    this.startChange();
    this.superseded.examine(limit);
    this.retired.free(limit);
    this.memory.setWord(Header.Dirty, 0);
    // A reader that holds up so much has perhaps died.
    if (this.retired.count > HELD_UP && this.isReapDue) this.reapSessions();
  }

  /** `freeSome` if it is due and no other thread has the mutex; returns whether nothing is due now. */
  freeIfIdle(): boolean {
    if (!this.superseded.due) return true;
    if (this.mutex.owned) {
      this.freeSome();
      return true;
    }
    if (!this.mutex.tryAcquire()) return false;
    try {
      this.takeOver();
      this.freeSome();
    } finally {
      this.letGo();
    }
    return true;
  }

  /**
   * Frees some of what no pin sees. Returns how many entries are left of which it is not known
   * whether one does, or which a reader under way may still look at.
   */
  reclaim(): number {
    if (this.isReapDue) this.reap();
    // Each call pays for some of the search for pins, so that it comes though nothing else happens.
    if (this.superseded.pending || this.retired.count > 0) this.superseded.gather(STEP);
    return this.freeIfIdle() ? this.left : this.left + 1;
  }

  /** Frees what no pin sees, for others may never come to it; when it does not get less, they do. */
  freeAll(): void {
    let before: number;
    let left = Number.POSITIVE_INFINITY;
    do {
      before = left;
      this.superseded.demand();
      left = this.reclaim();
    } while (left > 0 && left < before);
  }

  /** Clears away what dead threads held. */
  reap(): void {
    if (this.mutex.takeFromDead()) this.letGo();
    this.reapSessions();
  }

  private get isReapDue(): boolean {
    return since(this.memory.load(Header.Reaped)) > REAP_INTERVAL;
  }

  private reapSessions(): void {
    this.memory.store(Header.Reaped, moment());
    this.sessions.reap();
  }

  /** Undoes what was linked and frees all that can be. */
  private withdraw(): void {
    const { writer, superseded, retired } = this;
    writer.withdraw();
    let waiting = Number.POSITIVE_INFINITY;
    let before: number;
    let freed: number;
    do {
      before = waiting;
      waiting = superseded.examine(STEP);
      freed = retired.free(STEP);
    } while (freed > 0 || (waiting > 0 && waiting < before));
  }

  /** How many blocks are left of which it is not known whether they can be freed, or that cannot be yet. */
  private get left(): number {
    const { memory } = this;
    const released = memory.load(Header.Gathered) > 0 && memory.load(Header.KeptLists) !== 0;
    return memory.load(Header.UnexaminedCount) + this.retired.count + (released ? 1 : 0);
  }

  private publish(version: number, entries: number, bytes: number): void {
    const { memory, superseded } = this;
    memory.publish(version);
    memory.setNumber(Header.Entries, entries);
    memory.setNumber(Header.Bytes, bytes);
    let gathered = 0;
    for (const entry of this.writer.linked) {
      const older = memory.word(entry + Entry.Older);
      if (older !== 0) gathered += superseded.add(older);
    }
    if (gathered > 0) superseded.gather(gathered);
    this.owed = this.writer.linked.length;
    this.writer.forget();
  }

  /** Announces a change of the heap, the table or the lists. A change before it may have been cut short. */
  private startChange(): void {
    this.takeOver();
    this.memory.setWord(Header.Dirty, 1);
  }

  /** After the mutex was taken: puts in order what an owner that died may have left. */
  private takeOver(): void {
    this.memory.refresh();
    if (this.memory.word(Header.Dirty) === 0) return;
    this.writer.forget();
    recover(this);
  }

  private visible(newest: Ref, version: number): Ref {
    const { memory } = this;
    memory.reach(newest);
    let ref = newest;
    if (ref !== 0 && memory.number(ref) > version) ref = this.older(newest, version);
    return ref === 0 || memory.word(ref + Entry.ValueLength) === DELETED ? 0 : ref;
  }

  /** The entry that was the newest when `version` was published, or 0. */
  private older(newest: Ref, version: number): Ref {
    const { memory } = this;
    const index = memory.word(newest + Entry.Index);
    let ref = isIndex(index) ? this.versions.find(index, version) : newest;
    memory.reach(ref);
    while (ref !== 0 && memory.number(ref) > version) {
      ref = memory.word(ref + Entry.Older);
      memory.reach(ref);
    }
    return ref;
  }
}
