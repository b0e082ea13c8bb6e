import type { Heap } from './heap.js';
import { Block, DELETED, Entry, Header, Mark, OVERDUE, type Ref } from './layout.js';
import type { Memory } from './memory.js';
import { Pinned } from './pinned.js';
import type { Retired } from './retired.js';
import type { Sessions } from './sessions.js';
import type { Table } from './table.js';
import type { VersionIndex } from './versionindex.js';

/** Words of a list of the superseded entries that a pin keeps. */
export const List = {
  /** The largest pinned version that sees them; a 64-bit number. */
  Version: 2,
  Next: 4,
  First: 5,
  Last: 6,
  Count: 7,
  Words: 8,
} as const;

/** At least so much must gather before pins are looked for. */
const LEAST_DUE = 64;
/** Pins are looked for once what gathered is this part of the places to look at: log2. */
const DUE_SHIFT = 2;
/** A search examines at least one entry for so many places that it looked at: log2. */
const EXAMINE_SHIFT = 3;
/** So many bytes of a superseded entry count as much as one more entry: log2. */
const WEIGHT_SHIFT = 10;

/**
 * The superseded entries of a database. An entry of version e that version s
 * superseded is seen by the pins p with e <= p < s. It stays as long as there is
 * such a pin, and waits in the list of the largest of them. When that pin is gone,
 * the entry is examined again. So a pin that comes and goes costs nothing, and no
 * entry is examined in vain.
 *
 * A search for pins takes time in proportion to them. So it waits until as much has
 * gathered: entries that were superseded and pins that were released. For the owner
 * of the transaction mutex alone.
 */
export class Superseded {
  private readonly memory: Memory;
  private readonly heap: Heap;
  private readonly table: Table;
  private readonly versions: VersionIndex;
  private readonly retired: Retired;
  private readonly pinned: Pinned;

  constructor(
    memory: Memory,
    heap: Heap,
    table: Table,
    versions: VersionIndex,
    retired: Retired,
    sessions: Sessions,
  ) {
    this.memory = memory;
    this.heap = heap;
    this.table = table;
    this.versions = versions;
    this.retired = retired;
    this.pinned = new Pinned(sessions);
  }

  /** Adds an entry whose successor is published. Returns what `gather` is to be given for it. */
  add(entry: Ref): number {
    const { memory } = this;
    memory.setWord(entry + Entry.Next, memory.word(Header.Unexamined));
    memory.setWord(Header.Unexamined, entry);
    memory.setWord(Header.UnexaminedCount, memory.word(Header.UnexaminedCount) + 1);
    memory.setNumber(Header.Superseded, memory.number(Header.Superseded) + 1);
    const bytes = memory.word(entry + Entry.KeyLength) + memory.word(entry + Entry.ValueLength);
    return 1 + (bytes >> WEIGHT_SHIFT);
  }

  /** Whether there are any that are to be examined, or that a pin keeps. */
  get pending(): boolean {
    const { memory } = this;
    return memory.word(Header.Unexamined) !== 0 || memory.word(Header.KeptLists) !== 0;
  }

  /** Whether so much has gathered that it pays to look for pins. Without the mutex it is a hint. */
  get due(): boolean {
    return this.memory.load(Header.Gathered) > this.memory.word(Header.Due);
  }

  /** Counts entries that were superseded, pins that were released, or calls that insist. */
  gather(count: number): void {
    if (this.memory.load(Header.Gathered) < OVERDUE) this.memory.add(Header.Gathered, count);
  }

  /** Makes a search for pins due now. */
  demand(): void {
    this.memory.store(Header.Gathered, OVERDUE);
  }

  /**
   * Takes out of the table what no pin sees. Examines about `limit` entries at most, or more where
   * there are many pins to look at. Returns how many are left to examine.
   */
  examine(limit: number): number {
    const { memory, pinned } = this;
    // Before pins are looked for: what is released from here on is for the next time.
    memory.store(Header.Gathered, 0);
    if (!this.pending) return 0;
    const places = pinned.look();
    const most = Math.max(limit, places >> EXAMINE_SHIFT);
    const done = this.disbandLists(places, most) && this.examineEntries(most);
    if (!done) this.demand();
    return memory.word(Header.UnexaminedCount);
  }

  /** Forgets the lists; their blocks are the caller's to free. */
  clear(): void {
    this.memory.setWord(Header.Unexamined, 0);
    this.memory.setWord(Header.UnexaminedCount, 0);
    this.memory.setWord(Header.KeptLists, 0);
    this.memory.setNumber(Header.Superseded, 0);
    this.demand();
  }

  /**
   * Has the entries examined again whose pin is gone, of `most` pins, and finds the lists of the
   * others. Returns whether there was no list more.
   */
  private disbandLists(places: number, most: number): boolean {
    const { memory, pinned } = this;
    let lists = 0;
    let disbanded = 0;
    let link: number = Header.KeptLists;
    for (let list = memory.word(link); list !== 0; list = memory.word(link)) {
      lists++;
      const index = pinned.indexOf(memory.number(list + List.Version));
      if (index >= 0) pinned.lists[index] = list;
      if (index >= 0 || disbanded === most) {
        link = list + List.Next;
        continue;
      }
      disbanded++;
      memory.setWord(memory.word(list + List.Last) + Entry.Next, memory.word(Header.Unexamined));
      memory.setWord(Header.Unexamined, memory.word(list + List.First));
      const count = memory.word(Header.UnexaminedCount) + memory.word(list + List.Count);
      memory.setWord(Header.UnexaminedCount, count);
      memory.setWord(link, memory.word(list + List.Next));
      this.heap.free(list);
    }
    memory.setWord(Header.Due, Math.max(LEAST_DUE, (places + lists) >> DUE_SHIFT));
    return disbanded < most;
  }

  /** Examines `most` entries; returns whether there was none more. */
  private examineEntries(most: number): boolean {
    const { memory, pinned } = this;
    for (let n = 0; n < most; n++) {
      const entry = memory.word(Header.Unexamined);
      if (entry === 0) return true;
      const successor = memory.word(entry + Entry.Newer);
      let index = pinned.before(memory.number(successor + Entry.Version));
      let kept = index >= 0 && pinned.version(index) >= memory.number(entry + Entry.Version);
      if (!kept && this.isLastHidden(entry)) {
        index = pinned.optimisticBefore(memory.number(successor + Entry.Version));
        kept = index >= 0;
      }
      const list = kept ? this.listOf(index) : 0;
      // Without memory for a list it is examined again another time.
      if (kept && list === 0) return false;
      memory.setWord(Header.Unexamined, memory.word(entry + Entry.Next));
      memory.setWord(Header.UnexaminedCount, memory.word(Header.UnexaminedCount) - 1);
      if (kept) this.keep(list, entry);
      else this.remove(entry);
    }
    return memory.word(Header.Unexamined) === 0;
  }

  /**
   * Whether it is all that a newest entry hides which marks a deletion. An optimistic batch for which the key
   * was absent before finds the mark when it commits. So the mark must stay, and for that the entry.
   */
  private isLastHidden(entry: Ref): boolean {
    const { memory } = this;
    const newer = memory.word(entry + Entry.Newer);
    return (
      memory.word(entry + Entry.Older) === 0 &&
      memory.word(newer + Entry.ValueLength) === DELETED &&
      memory.word(newer + Entry.Newer) === 0
    );
  }

  /** The list of a pin, a new one if need be; 0 when memory cannot be allocated. */
  private listOf(index: number): Ref {
    const { memory, pinned } = this;
    const known = pinned.list(index);
    if (known !== 0) return known;
    const list = this.heap.allocate(List.Words);
    if (list === 0) return 0;
    memory.setNumber(list + Block.Mark, Mark.List);
    memory.setNumber(list + List.Version, pinned.version(index));
    memory.setWord(list + List.Next, memory.word(Header.KeptLists));
    memory.setWord(list + List.First, 0);
    memory.setWord(list + List.Count, 0);
    memory.setWord(Header.KeptLists, list);
    pinned.lists[index] = list;
    return list;
  }

  private keep(list: Ref, entry: Ref): void {
    const { memory } = this;
    const first = memory.word(list + List.First);
    if (first === 0) memory.setWord(list + List.Last, entry);
    memory.setWord(entry + Entry.Next, first);
    memory.setWord(list + List.First, entry);
    memory.setWord(list + List.Count, memory.word(list + List.Count) + 1);
  }

  /** Takes a superseded entry out of the table. */
  private remove(entry: Ref): void {
    const { memory, table, versions, retired } = this;
    const newer = memory.word(entry + Entry.Newer);
    const older = memory.word(entry + Entry.Older);
    // Marked before anything else: until it is out of the table a thread that finds it knows what to do with it.
    memory.setNumber(entry + Block.Mark, Mark.Retired);
    if (older !== 0) memory.setWord(older + Entry.Newer, newer);
    memory.store(newer + Entry.Older, older);
    retired.add(entry);
    memory.setNumber(Header.Superseded, memory.number(Header.Superseded) - 1);
    const isNewest = memory.word(newer + Entry.Newer) === 0;
    if (older !== 0 || !isNewest) return;
    versions.drop(newer);
    // A deletion with nothing left to hide is the same as no entry.
    if (memory.word(newer + Entry.ValueLength) === DELETED) {
      memory.setNumber(newer + Block.Mark, Mark.Retired);
      table.withdraw(newer);
      retired.add(newer);
    }
  }
}
