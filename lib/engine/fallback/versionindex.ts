import type { Heap } from './heap.js';
import { Block, Entry, Mark, PAGE_WORDS, type Ref } from './layout.js';
import type { Memory } from './memory.js';
import type { Retired } from './retired.js';

/**
 * Words of an index: the versions of one key, in growing order, and then as many entries. Those
 * that were freed stay in it, and nobody finds them: no pin sees them.
 */
export const Index = {
  Count: 2,
  /** How many there is room for. Stands behind the words that retiring writes. */
  Capacity: 5,
  Versions: 6,
} as const;

/** Up to so many versions of a key a reader goes through one after the other. */
const FEW = 32;

/**
 * The indexes of the keys that have many versions, so that an old one is found by halving. The
 * newest entry of a key refers to it. An index can be done without: it is left out if its memory
 * cannot be allocated, and recovery drops all. Only the owner of the transaction mutex changes it,
 * while others read.
 */
export class VersionIndex {
  private readonly memory: Memory;
  private readonly heap: Heap;
  private readonly retired: Retired;

  constructor(memory: Memory, heap: Heap, retired: Retired) {
    this.memory = memory;
    this.heap = heap;
    this.retired = retired;
  }

  /** Returns the entry of the largest version up to `version`, or 0. It is right if that version is pinned. */
  find(index: Ref, version: number): Ref {
    const { memory } = this;
    memory.reach(index);
    const versions = index + Index.Versions;
    const entries = versions + 2 * memory.word(index + Index.Capacity);
    let low = 0;
    let high = memory.load(index + Index.Count);
    memory.reach(entries + high);
    while (low < high) {
      const middle = (low + high) >> 1;
      if (memory.number(versions + 2 * middle) <= version) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : memory.word(entries + low - 1);
  }

  /** Returns what `Entry.Index` is to be for the entry that is about to supersede `newest`. */
  extend(newest: Ref): number {
    const { memory } = this;
    const known = memory.word(newest + Entry.Index);
    if (!isIndex(known)) return known < FEW ? known + 1 : this.build(newest);
    const count = memory.word(known + Index.Count);
    const versions = known + Index.Versions;
    const version = memory.number(newest + Entry.Version);
    // It is there if a commit that was to supersede it has been withdrawn.
    if (memory.number(versions + 2 * (count - 1)) === version) return known;
    const capacity = memory.word(known + Index.Capacity);
    if (count === capacity) return this.build(newest);
    memory.setNumber(versions + 2 * count, version);
    memory.setWord(versions + 2 * capacity + count, newest);
    memory.store(known + Index.Count, count + 1);
    return known;
  }

  /** To be called for a key's newest entry when it is the only one, or leaves the table. */
  drop(newest: Ref): void {
    const index = this.memory.word(newest + Entry.Index);
    this.memory.store(newest + Entry.Index, 0);
    if (isIndex(index)) this.retired.add(index);
  }

  /**
   * Gives the newest entry an index of the versions that are left, if they are many, in place of the
   * one that it had. Returns what `Entry.Index` is to be for the next entry.
   */
  private build(newest: Ref): number {
    const { memory } = this;
    const chain: Ref[] = [];
    for (let entry = newest; entry !== 0; entry = memory.word(entry + Entry.Older)) {
      chain.push(entry);
    }
    const capacity = 2 * chain.length;
    const many = chain.length >= FEW;
    const index = many ? this.heap.allocate(Index.Versions + 3 * capacity) : 0;
    if (index !== 0) {
      const versions = index + Index.Versions;
      chain.reverse().forEach((entry, n) => {
        memory.setNumber(versions + 2 * n, memory.number(entry + Entry.Version));
        memory.setWord(versions + 2 * capacity + n, entry);
      });
      memory.setWord(index + Index.Count, chain.length);
      memory.setWord(index + Index.Capacity, capacity);
      memory.setNumber(index + Block.Mark, Mark.Index);
    }
    this.drop(newest);
    memory.store(newest + Entry.Index, index);
    return index;
  }
}

/** Whether an `Entry.Index` is one: else it is a count, which is less than any ref. */
export function isIndex(index: number): boolean {
  return index >= PAGE_WORDS;
}
