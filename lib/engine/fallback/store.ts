import { Status } from '../engine.js';
import { HandleWord } from '../handle.js';
import { Heap } from './heap.js';
import { DELETED, Entry, Header, type Ref, Session } from './layout.js';
import { type Memory, sessionWord } from './memory.js';
import { TransactionMutex } from './mutex.js';
import { Pages } from './pages.js';
import { copy, type Pending, Record } from './pending.js';
import { Pins } from './pins.js';
import { recover } from './recovery.js';
import { Retired } from './retired.js';
import { Sessions } from './sessions.js';
import { Superseded } from './superseded.js';
import { Table } from './table.js';
import { tagOf } from './tag.js';

/** How many superseded entries a call examines at most, beside those that it superseded itself. */
const STEP = 2048;

/** How often it is looked for threads of which no event told that they are dead, ms. */
const REAP_INTERVAL = 100;

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
  /** This thread's session. */
  readonly session: number;
  /** The word that announces that this thread reads. */
  private readonly reading: number;
  /** The entries that the commit under way has linked. */
  private linked: Ref[] = [];
  private reaped = 0;
  private readonly seed0: number;
  private readonly seed1: number;

  private constructor(memory: Memory, heap: Heap, sessions: Sessions, session: number) {
    this.memory = memory;
    this.heap = heap;
    this.sessions = sessions;
    this.session = session;
    this.reading = sessionWord(session) + Session.Reading;
    this.retired = new Retired(memory, heap, sessions);
    this.table = new Table(memory, heap, this.retired);
    this.superseded = new Superseded(memory, heap, this.table, this.retired, sessions);
    this.mutex = new TransactionMutex(memory, sessions, session);
    this.pins = new Pins(memory, heap.pages, session);
    this.seed0 = memory.word(Header.Seed);
    this.seed1 = memory.word(Header.Seed + 1);
  }

  /** Attaches this thread; undefined when too many threads are. */
  static open(memory: Memory): Store | undefined {
    const heap = new Heap(memory);
    const sessions = new Sessions(memory, heap.pages);
    const session = sessions.claim();
    return session < 0 ? undefined : new Store(memory, heap, sessions, session);
  }

  /** Whether any thread is attached to a database: when the last one has ended, it is gone. */
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
    this.sessions.release(this.session);
  }

  /** Gives the transaction mutex back if this thread has it. */
  letGo(): void {
    if (this.mutex.owned) this.mutex.release();
  }

  /** Closes the database for all. */
  close(): void {
    this.memory.store(HandleWord.Closed, 1);
    this.mutex.wake();
  }

  /** Tells others of a batch more or fewer. */
  countBatch(change: number): void {
    const word = sessionWord(this.session) + Session.Batches;
    this.memory.setWord(word, this.memory.word(word) + change);
  }

  /** The tag of the digest in the eight words at `at`. */
  tagOf(words: Int32Array, at: number): number {
    return tagOf(words, at, this.seed0, this.seed1);
  }

  /** To be called before entries are looked for, and `endRead` after: until then no block that is found is freed. */
  startRead(): void {
    const { memory } = this;
    memory.store(this.reading, memory.word(Header.Epoch));
    memory.refresh();
  }

  endRead(): void {
    this.memory.store(this.reading, 0);
  }

  /**
   * The entry that a pin of `version` sees for the digest in the eight words at `at`, or 0. It stays
   * as long as the pin. Between `startRead` and `endRead`.
   */
  find(tag: number, digest: Int32Array, at: number, version: number): Ref {
    return this.visible(this.table.newest(tag, digest, at), version);
  }

  /** Calls `visit` for what a pin of `version` sees in the segment from `tag` on; answers the next. */
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

  /** Takes the transaction mutex: Ok, Busy after `slice` ms, or Closed. */
  lock(slice: number): Status {
    const status = this.mutex.acquire(slice);
    if (status === Status.Ok) this.takeOver();
    return status;
  }

  /** Makes the writes the next version: Ok, or Full and nothing has changed. Under the mutex. */
  commit(pending: Pending): Status {
    const { memory } = this;
    const version = memory.published + 1;
    memory.setWord(Header.Dirty, 1);
    const change = this.link(pending, version);
    const bytes = memory.number(Header.Bytes) + (change === undefined ? 0 : change.bytes);
    if (change === undefined || bytes > memory.number(Header.MaxBytes)) {
      this.withdraw();
      memory.setWord(Header.Dirty, 0);
      return Status.Full;
    }
    memory.publish(version);
    memory.setNumber(Header.Bytes, bytes);
    memory.setNumber(Header.Entries, memory.number(Header.Entries) + change.entries);
    for (const entry of this.linked) {
      const older = memory.word(entry + Entry.Older);
      if (older !== 0) this.superseded.add(older);
    }
    memory.setWord(Header.Dirty, 0);
    return Status.Ok;
  }

  /** Frees what no pin sees, in bounded time and so much the more after a commit. Under the mutex. */
  freeSome(): void {
    const limit = this.linked.length + STEP;
    this.linked = [];
    if (!this.superseded.pending && this.retired.count === 0) return;
    this.memory.setWord(Header.Dirty, 1);
    this.superseded.examine(limit);
    this.retired.free(limit);
    this.memory.setWord(Header.Dirty, 0);
  }

  /** `freeSome` unless another thread has the mutex; answers whether that was so. */
  freeIfIdle(): boolean {
    if (!this.superseded.pending && this.retired.count === 0) return true;
    if (this.mutex.owned) {
      this.freeSome();
      return true;
    }
    if (!this.mutex.tryAcquire()) return false;
    this.takeOver();
    this.freeSome();
    this.mutex.release();
    return true;
  }

  /**
   * Frees some of what no pin sees. Answers how many entries are left of which it is not known
   * whether one does, or which a reader under way may still look at.
   */
  reclaim(): number {
    if (performance.now() - this.reaped > REAP_INTERVAL) this.reap();
    const done = this.freeIfIdle();
    const left = this.memory.load(Header.UnexaminedCount) + this.retired.count;
    return done ? left : left + 1;
  }

  /** Clears away what dead threads held. */
  reap(): void {
    this.reaped = performance.now();
    if (this.mutex.takeFromDead()) {
      this.takeOver();
      this.mutex.release();
    }
    this.sessions.reap();
  }

  /** After the mutex was taken: puts in order what an owner that died may have left. */
  private takeOver(): void {
    this.memory.refresh();
    if (this.memory.word(Header.Dirty) !== 0) recover(this);
  }

  private visible(newest: Ref, version: number): Ref {
    const { memory } = this;
    memory.reach(newest);
    let ref = newest;
    while (ref !== 0 && memory.number(ref) > version) {
      ref = memory.word(ref + Entry.Older);
      memory.reach(ref);
    }
    return ref === 0 || memory.word(ref + Entry.ValueLength) === DELETED ? 0 : ref;
  }

  /** Puts an entry for each write into the table; answers by how much entries and bytes grow, or undefined without memory. */
  private link(pending: Pending, version: number): { entries: number; bytes: number } | undefined {
    const { memory, table, linked } = this;
    const { records } = pending;
    const change = { entries: 0, bytes: 0 };
    linked.length = 0;
    for (let record = 0; record < pending.count * Record.Words; record += Record.Words) {
      const tag = records[record + Record.Tag] as number;
      const slot = table.find(tag, records, record + Record.Digest);
      const older = slot === 0 ? 0 : table.at(slot);
      const replaces = older !== 0 && memory.word(older + Entry.ValueLength) !== DELETED;
      const deletes = records[record + Record.ValueLength] === DELETED;
      if (deletes && !replaces) continue;
      const entry = this.write(pending, record, version, older);
      if (entry === 0) return undefined;
      if (slot !== 0) {
        memory.setWord(older + Entry.Newer, entry);
        table.replace(slot, entry);
      } else if (!table.add(tag, entry)) {
        this.heap.free(entry);
        return undefined;
      }
      linked.push(entry);
      if (replaces) {
        change.entries--;
        change.bytes -= this.sizeOf(older);
      }
      if (!deletes) {
        change.entries++;
        change.bytes += this.sizeOf(entry);
      }
    }
    return change;
  }

  /** A new entry, or 0 when memory cannot be had. */
  private write(pending: Pending, record: number, version: number, older: Ref): Ref {
    const { memory } = this;
    const keyLength = pending.records[record + Record.KeyLength] as number;
    const valueLength = pending.records[record + Record.ValueLength] as number;
    const size = keyLength + (valueLength === DELETED ? 0 : valueLength);
    const entry = this.heap.allocate(Entry.Data + ((size + 3) >> 2));
    if (entry === 0) return 0;
    memory.setNumber(entry + Entry.Version, version);
    const { words } = memory;
    words[entry + Entry.Older] = older;
    words[entry + Entry.Newer] = 0;
    words[entry + Entry.KeyLength] = keyLength;
    words[entry + Entry.ValueLength] = valueLength;
    // The tag and the digest, in the order that both have them.
    for (let n = 0; n < 9; n++) {
      words[entry + Entry.Tag + n] = pending.records[record + Record.Tag + n] as number;
    }
    copy(
      pending.array(record),
      pending.start(record),
      size,
      memory.bytes,
      byteOf(entry + Entry.Data),
    );
    return entry;
  }

  /** The bytes of an entry's key and value. */
  private sizeOf(entry: Ref): number {
    return this.memory.word(entry + Entry.KeyLength) + this.memory.word(entry + Entry.ValueLength);
  }

  /** Undoes what `link` has done. */
  private withdraw(): void {
    const { table, retired, linked } = this;
    for (let n = linked.length - 1; n >= 0; n--) {
      table.withdraw(linked[n] as Ref);
      retired.add(linked[n] as Ref);
    }
    retired.free(linked.length);
    linked.length = 0;
  }
}

/** The byte of a word; beyond 2^31 too. */
export function byteOf(word: number): number {
  return (word << 2) >>> 0;
}
