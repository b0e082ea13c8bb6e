import type { Heap } from './heap.js';
import { Block, DELETED, Entry, Header, Mark, type Ref } from './layout.js';
import type { Memory } from './memory.js';
import type { Retired } from './retired.js';
import type { Superseded } from './superseded.js';
import type { Table } from './table.js';

/** What a recovery works on: the parts of a store that the transaction mutex protects. */
interface Parts {
  readonly memory: Memory;
  readonly heap: Heap;
  readonly table: Table;
  readonly superseded: Superseded;
  readonly retired: Retired;
}

/**
 * Puts a database in order whose transaction mutex was taken from a thread that
 * died in the midst of a change. What it had not published is undone; what it
 * was freeing is freed. Others may read meanwhile; should this thread die too,
 * the next begins again. Takes time in proportion to the entries there are.
 */
export function recover({ memory, table, superseded, retired, heap }: Parts): void {
  const { published } = memory;
  let entries = 0;
  let bytes = 0;
  superseded.clear();
  retired.clear();

  /** Leaves of the versions of a key those that are published and not retired; returns the newest. */
  const relink = (newest: Ref): Ref => {
    let first = 0;
    let last = 0;
    for (let entry = newest; entry !== 0; entry = memory.word(entry + Entry.Older)) {
      if (memory.number(entry + Entry.Version) > published) continue;
      memory.setWord(entry + Entry.Newer, last);
      if (last === 0) first = entry;
      else memory.store(last + Entry.Older, entry);
      last = entry;
    }
    if (first === 0) return 0;
    memory.store(last + Entry.Older, 0);
    memory.store(first + Entry.Index, 0);
    if (memory.word(first + Entry.ValueLength) !== DELETED) {
      entries++;
      bytes += memory.word(first + Entry.KeyLength) + memory.word(first + Entry.ValueLength);
    } else if (first === last) {
      memory.setNumber(first + Block.Mark, Mark.Retired);
      return 0;
    }
    for (
      let entry = memory.word(first + Entry.Older);
      entry !== 0;
      entry = memory.word(entry + Entry.Older)
    ) {
      superseded.add(entry);
    }
    return first;
  };

  const parts = table.rebuild(relink);
  heap.rebuild((ref) => {
    const mark = memory.number(ref + Block.Mark);
    if (mark === Mark.List) return false;
    // A reader may still look at a block that has left the table.
    const unlinked = mark === Mark.Index || (mark === Mark.Table && !parts.has(ref));
    if (mark > published || unlinked) retired.add(ref);
    return true;
  });
  memory.setNumber(Header.Entries, entries);
  memory.setNumber(Header.Bytes, bytes);
  memory.setWord(Header.Dirty, 0);
}
