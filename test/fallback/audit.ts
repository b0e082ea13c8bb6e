import {
  Block,
  DELETED,
  Entry,
  Header,
  Mark,
  PAGE_SHIFT,
  PageUse,
  PageWord,
} from '../../dist/lib/engine/fallback/layout.js';
import { byteOf, type Memory } from '../../dist/lib/engine/fallback/memory.js';
import type { Store } from '../../dist/lib/engine/fallback/store.js';
import { isIndex } from '../../dist/lib/engine/fallback/versionindex.js';
import { digestOf } from './mortal.js';

/** What a pin of `version` sees, found by iterating and then, key by key, by looking it up. */
export function contents(store: Store, version: number): Map<string, string> {
  const { memory, table } = store;
  const found = new Map<string, string>();
  const text = (at: number, length: number) => {
    memory.reachByte(at + length);
    return Buffer.from(memory.bytes.slice(at, at + length)).toString();
  };
  for (let tag = 0; tag !== table.end; ) {
    tag = store.visitSegment(tag, version, (entry) => {
      const at = byteOf(entry + Entry.Data);
      const keyLength = memory.word(entry + Entry.KeyLength);
      const key = text(at, keyLength);
      if (found.has(key)) throw new Error(`${key} was met twice`);
      found.set(key, text(at + keyLength, memory.word(entry + Entry.ValueLength)));
      const digest = digestOf(key);
      if (store.find(store.tagOf(digest, 0), digest, 0, version) !== entry) {
        throw new Error(`${key} is met but not found`);
      }
    });
  }
  return found;
}

/**
 * Checks that every block of the heap is either free or reachable, every count is right, and
 * nothing waits that could be freed. Returns how many superseded entries there are.
 */
export function audit(store: Store): number {
  const { memory, table } = store;
  const reachable = new Set<number>();
  const indexes = new Set<number>();
  let entries = 0;
  let bytes = 0;
  let superseded = 0;
  const parts = table.rebuild((newest) => {
    if (memory.word(newest + Entry.ValueLength) !== DELETED) {
      entries++;
      bytes += memory.word(newest + Entry.KeyLength) + memory.word(newest + Entry.ValueLength);
    }
    let newer = 0;
    const index = memory.word(newest + Entry.Index);
    if (isIndex(index)) indexes.add(index);
    for (let entry = newest; entry !== 0; entry = memory.word(entry + Entry.Older)) {
      if (entry !== newest) superseded++;
      if (memory.word(entry + Entry.Newer) !== newer) throw new Error('a link back is wrong');
      if (memory.number(entry + Block.Mark) > memory.published) throw new Error('a future version');
      if (reachable.has(entry)) throw new Error('an entry is linked twice');
      reachable.add(entry);
      newer = entry;
    }
    return newest;
  });
  for (const part of parts) reachable.add(part);
  for (const index of indexes) reachable.add(index);

  const used = usedBlocks(store);
  for (const ref of reachable)
    if (!used.has(ref)) throw new Error(`block ${ref} is in use and free`);
  for (const ref of used) {
    if (!reachable.has(ref) && memory.number(ref) !== Mark.List) {
      throw new Error(`block ${ref} marked ${memory.number(ref)} is lost`);
    }
  }
  const counts = { entries, bytes, superseded, retired: 0, dirty: 0 };
  const stored = {
    entries: memory.number(Header.Entries),
    bytes: memory.number(Header.Bytes),
    superseded: memory.number(Header.Superseded),
    retired: store.retired.count,
    dirty: memory.word(Header.Dirty),
  };
  if (JSON.stringify(counts) !== JSON.stringify(stored)) {
    throw new Error(`counted ${JSON.stringify(counts)}, stored ${JSON.stringify(stored)}`);
  }
  return superseded;
}

/** The blocks that the page map and the pages say are in use. */
function usedBlocks({ heap, memory }: Store): Set<number> {
  const { pages } = heap;
  const used = new Set<number>();
  for (let page = 0; page < pages.count; page++) {
    const use = pages.use(page);
    const length = pages.runLength(page);
    for (let n = 1; n < length; n++) {
      if (pages.use(page + n) !== PageUse.Rest) throw new Error('a run is torn');
    }
    if (length > 0) page += length - 1;
    else if (use === PageUse.Rest || use === PageUse.Claimed)
      throw new Error(`page ${page} is lost`);
    else if (use === PageUse.Blocks) auditFreeList(memory, page << PAGE_SHIFT);
  }
  // It calls for every block that is not free, and changes nothing as all are in use.
  heap.rebuild((ref) => {
    used.add(ref);
    return true;
  });
  return used;
}

function auditFreeList(memory: Memory, base: number): void {
  let free = 0;
  for (
    let ref = memory.word(base + PageWord.Free);
    ref !== 0;
    ref = memory.word(ref + Block.Next)
  ) {
    if (memory.number(ref) !== Mark.Free)
      throw new Error(`block ${ref} is in use and listed as free`);
    free++;
  }
  if (free + memory.word(base + PageWord.Used) !== memory.word(base + PageWord.Begun)) {
    throw new Error('a page does not know how many of its blocks are in use');
  }
}
