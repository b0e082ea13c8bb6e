import type { Heap } from './heap.js';
import { Block, DELETED, Entry, Header, Mark, type Ref } from './layout.js';
import type { Memory } from './memory.js';
import type { Retired } from './retired.js';
import type { Sessions } from './sessions.js';
import type { Table } from './table.js';

/** Words of a list of the superseded entries that a pin keeps. */
const List = {
  /** The largest pinned version that sees them; a 64-bit number. */
  Version: 2,
  Next: 4,
  First: 5,
  Last: 6,
  Count: 7,
  Words: 8,
} as const;

/**
 * The superseded entries of a database. One of version e that was superseded by
 * version s is seen by the pins p with e <= p < s and stays as long as there is
 * one. It waits in the list of the largest of them; when that pin is gone it is
 * examined again. So a pin that comes and goes costs nothing, and nothing is
 * looked at in vain. For the owner of the transaction mutex alone.
 */
export class Superseded {
  private readonly memory: Memory;
  private readonly heap: Heap;
  private readonly table: Table;
  private readonly retired: Retired;
  private readonly sessions: Sessions;

  constructor(memory: Memory, heap: Heap, table: Table, retired: Retired, sessions: Sessions) {
    this.memory = memory;
    this.heap = heap;
    this.table = table;
    this.retired = retired;
    this.sessions = sessions;
  }

  /** Adds an entry whose successor is published. */
  add(entry: Ref): void {
    const { memory } = this;
    memory.setWord(entry + Entry.Next, memory.word(Header.Unexamined));
    memory.setWord(Header.Unexamined, entry);
    memory.setWord(Header.UnexaminedCount, memory.word(Header.UnexaminedCount) + 1);
    memory.setNumber(Header.Superseded, memory.number(Header.Superseded) + 1);
  }

  /** Whether there may be any to free. */
  get pending(): boolean {
    const { memory } = this;
    return memory.word(Header.Unexamined) !== 0 || memory.word(Header.KeptLists) !== 0;
  }

  /** Takes out of the table what no pin sees, examining at most `limit`; answers how many are left to examine. */
  examine(limit: number): number {
    const { memory, sessions } = this;
    if (!this.pending) return 0;
    sessions.findPins();
    this.disbandLists();
    for (let n = 0; n < limit; n++) {
      const entry = memory.word(Header.Unexamined);
      if (entry === 0) break;
      const successor = memory.word(entry + Entry.Newer);
      const pin = sessions.pinBefore(memory.number(successor + Entry.Version));
      const list = pin < memory.number(entry + Entry.Version) ? 0 : this.listOf(pin);
      // Without memory for a list it is examined again another time.
      if (list < 0) break;
      memory.setWord(Header.Unexamined, memory.word(entry + Entry.Next));
      memory.setWord(Header.UnexaminedCount, memory.word(Header.UnexaminedCount) - 1);
      if (list === 0) this.remove(entry);
      else this.keep(list, entry);
    }
    return memory.word(Header.UnexaminedCount);
  }

  /** Forgets the lists; their blocks are the caller's to free. */
  clear(): void {
    this.memory.setWord(Header.Unexamined, 0);
    this.memory.setWord(Header.UnexaminedCount, 0);
    this.memory.setWord(Header.KeptLists, 0);
    this.memory.setNumber(Header.Superseded, 0);
  }

  /** Has the entries examined again whose pin is gone. */
  private disbandLists(): void {
    const { memory } = this;
    let link: number = Header.KeptLists;
    for (let list = memory.word(link); list !== 0; list = memory.word(link)) {
      if (this.sessions.isPinned(memory.number(list + List.Version))) {
        link = list + List.Next;
        continue;
      }
      memory.setWord(memory.word(list + List.Last) + Entry.Next, memory.word(Header.Unexamined));
      memory.setWord(Header.Unexamined, memory.word(list + List.First));
      const count = memory.word(Header.UnexaminedCount) + memory.word(list + List.Count);
      memory.setWord(Header.UnexaminedCount, count);
      memory.setWord(link, memory.word(list + List.Next));
      this.heap.free(list);
    }
  }

  /** The list of a pin, a new one if need be; -1 when memory cannot be had. */
  private listOf(version: number): Ref {
    const { memory } = this;
    const first = memory.word(Header.KeptLists);
    for (let list = first; list !== 0; list = memory.word(list + List.Next)) {
      if (memory.number(list + List.Version) === version) return list;
    }
    const list = this.heap.allocate(List.Words);
    if (list === 0) return -1;
    memory.setNumber(list + Block.Mark, Mark.List);
    memory.setNumber(list + List.Version, version);
    memory.setWord(list + List.Next, first);
    memory.setWord(list + List.First, 0);
    memory.setWord(list + List.Count, 0);
    memory.setWord(Header.KeptLists, list);
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
    const { memory, table, retired } = this;
    const newer = memory.word(entry + Entry.Newer);
    const older = memory.word(entry + Entry.Older);
    // Marked before anything else: until it is out of the table a thread that finds it knows what to do with it.
    memory.setNumber(entry + Block.Mark, Mark.Retired);
    if (older !== 0) memory.setWord(older + Entry.Newer, newer);
    memory.store(newer + Entry.Older, older);
    retired.add(entry);
    memory.setNumber(Header.Superseded, memory.number(Header.Superseded) - 1);
    // A deletion with nothing left to hide is the same as no entry.
    const isNewest = memory.word(newer + Entry.Newer) === 0;
    if (older === 0 && isNewest && memory.word(newer + Entry.ValueLength) === DELETED) {
      memory.setNumber(newer + Block.Mark, Mark.Retired);
      table.withdraw(newer);
      retired.add(newer);
    }
  }
}
