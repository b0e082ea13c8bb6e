import type { Heap } from './heap.js';
import { Block, Entry, Header, Mark, type Ref } from './layout.js';
import type { Memory } from './memory.js';
import type { Retired } from './retired.js';

/** The directory: 2^depth segments, chosen by the highest bits of the tag. */
const Directory = { Depth: 2, Segments: 6 } as const;

/** A segment: an open-addressing table of the keys whose tags begin with the same `depth` bits. */
const Segment = {
  Depth: 2,
  /** Slots that are not empty. */
  Used: 5,
  Slots: 6,
} as const;

/** A slot: the tag and, written last, the newest entry of a key. */
const Slot = { Tag: 0, Ref: 1, Words: 2 } as const;
const EMPTY = 0;
/** A slot whose key is gone; the search goes on behind it. */
const GONE = 1;

/** Fills the size class of which a page holds eight. */
const SLOTS = 1019;
const SEGMENT_WORDS = Segment.Slots + SLOTS * Slot.Words;
/** A segment with so many used slots gets no further key. */
const MOST_USED = Math.floor(SLOTS * 0.78);
/** One that has so few keys is cleaned of slots that are gone rather than split. */
const FEW_KEYS = Math.floor(SLOTS * 0.45);

/** How many tags there are. */
const TAGS = 2 ** 32;

/**
 * The map from digests to entries: extendible hashing, so that it grows one
 * segment at a time. Each step that changes it is one store and leaves it
 * whole, so anyone may read during a change, and a thread may die after any step.
 */
export class Table {
  private readonly memory: Memory;
  private readonly heap: Heap;
  private readonly retired: Retired;
  /** Where `find` would have a missing key go: the slot, and its segment. */
  private vacancy = 0;
  private segment = 0;

  constructor(memory: Memory, heap: Heap, retired: Retired) {
    this.memory = memory;
    this.heap = heap;
    this.retired = retired;
  }

  /** Makes an empty table; false when memory cannot be had. */
  create(): boolean {
    const segment = this.newSegment(0);
    const directory = segment === 0 ? 0 : this.newDirectory(0);
    if (directory === 0) return false;
    this.memory.setWord(directory + Directory.Segments, segment);
    this.memory.store(Header.Directory, directory);
    return true;
  }

  /** The newest entry of the key whose digest is the eight words at `at`, or 0. */
  newest(tag: number, digest: Int32Array, at: number): Ref {
    const slot = this.find(tag, digest, at);
    return slot === 0 ? 0 : this.at(slot);
  }

  /** The slot of a key, or 0. */
  find(tag: number, digest: Int32Array, at: number): number {
    const { words } = this.memory;
    const segment = this.segmentOf(tag);
    let vacancy = 0;
    let index = homeOf(tag);
    for (let n = 0; n < SLOTS; n++) {
      const slot = segment + Segment.Slots + index * Slot.Words;
      const ref = words[slot + Slot.Ref] as number;
      if (ref === EMPTY) {
        if (vacancy === 0) vacancy = slot;
        break;
      }
      if (ref === GONE) {
        if (vacancy === 0) vacancy = slot;
      } else if (
        words[slot + Slot.Tag] === tag &&
        sameDigest(words, ref + Entry.Digest, digest, at)
      ) {
        return slot;
      }
      if (++index === SLOTS) index = 0;
    }
    this.vacancy = vacancy;
    this.segment = segment;
    return 0;
  }

  /** The newest entry of the key in a slot. */
  at(slot: number): Ref {
    return this.memory.word(slot + Slot.Ref);
  }

  /** Makes `entry` the newest of the key in the slot. */
  replace(slot: number, entry: Ref): void {
    this.memory.store(slot + Slot.Ref, entry);
  }

  /** Adds an entry whose key `find` has just not found; false when memory cannot be had. */
  add(tag: number, entry: Ref): boolean {
    const { memory } = this;
    while (memory.word(this.segment + Segment.Used) >= MOST_USED) {
      if (!this.renew(this.segment, tag)) return false;
      this.find(tag, memory.words, entry + Entry.Digest);
    }
    const slot = this.vacancy;
    if (memory.word(slot + Slot.Ref) === EMPTY) this.count(this.segment, 1);
    memory.setWord(slot + Slot.Tag, tag);
    memory.store(slot + Slot.Ref, entry);
    return true;
  }

  /** Puts the entry that it superseded in the place of the newest entry of a key. */
  withdraw(entry: Ref): void {
    const { memory } = this;
    const slot = this.slotOf(entry);
    const older = memory.word(entry + Entry.Older);
    if (older !== 0) memory.setWord(older + Entry.Newer, 0);
    memory.store(slot + Slot.Ref, older === 0 ? GONE : older);
  }

  /**
   * Calls `visit` for the newest entry of each key in the segment that has the
   * tags from `tag` on; answers the first tag behind the segment. Between two
   * calls the table may change: no key is met twice, none that stays is missed.
   */
  visitSegment(tag: number, visit: (entry: Ref) => void): number {
    const { memory } = this;
    const directory = memory.word(Header.Directory);
    const perPlace = TAGS / 2 ** memory.word(directory + Directory.Depth);
    const segment = memory.word(directory + Directory.Segments + Math.floor(tag / perPlace));
    this.visitSlots(segment, (_, entry) => visit(entry));
    const tags = TAGS / 2 ** memory.word(segment + Segment.Depth);
    return (Math.floor(tag / tags) + 1) * tags;
  }

  /** The first tag behind all. */
  get end(): number {
    return TAGS;
  }

  /**
   * Puts the table in order after a thread died while it renewed a segment, and
   * answers the blocks that belong to it. `judge` tells of the newest entry of
   * each key what is to be the newest, 0 for none.
   */
  rebuild(judge: (newest: Ref) => Ref): Set<Ref> {
    const { memory } = this;
    const directory = memory.word(Header.Directory);
    const parts = new Set([directory]);
    const depth = memory.word(directory + Directory.Depth);
    const first = directory + Directory.Segments;
    for (let place = 0; place < 2 ** depth; place++) {
      const segment = memory.word(first + place);
      const span = 2 ** (depth - memory.word(segment + Segment.Depth));
      // Where a split was under way the undivided segment is still whole.
      const start = first + Math.floor(place / span) * span;
      for (let n = 0; n < span; n++) memory.store(start + n, segment);
    }
    for (let place = 0; place < 2 ** depth; place++) parts.add(memory.word(first + place));
    for (const segment of parts) {
      if (segment !== directory) this.rebuildSegment(segment, judge);
    }
    return parts;
  }

  private rebuildSegment(segment: Ref, judge: (newest: Ref) => Ref): void {
    const { memory } = this;
    let used = 0;
    for (let n = 0; n < SLOTS; n++) {
      const slot = segment + Segment.Slots + n * Slot.Words;
      const ref = memory.word(slot + Slot.Ref);
      if (ref !== EMPTY) used++;
      if (ref === EMPTY || ref === GONE) continue;
      const newest = judge(ref);
      if (newest !== ref) memory.store(slot + Slot.Ref, newest === 0 ? GONE : newest);
    }
    memory.setWord(segment + Segment.Used, used);
  }

  private segmentOf(tag: number): Ref {
    const { words } = this.memory;
    const directory = words[Header.Directory] as number;
    const depth = words[directory + Directory.Depth] as number;
    // A shift by 32 is one by 0.
    const place = depth === 0 ? 0 : tag >>> (32 - depth);
    return words[directory + Directory.Segments + place] as number;
  }

  /** The slot in which an entry is the newest. */
  private slotOf(entry: Ref): number {
    const { memory } = this;
    const tag = memory.word(entry + Entry.Tag);
    const segment = this.segmentOf(tag);
    for (let index = homeOf(tag); ; index = index + 1 === SLOTS ? 0 : index + 1) {
      const slot = segment + Segment.Slots + index * Slot.Words;
      if (memory.word(slot + Slot.Ref) === entry) return slot;
    }
  }

  private count(segment: Ref, added: number): void {
    this.memory.setWord(segment + Segment.Used, this.memory.word(segment + Segment.Used) + added);
  }

  private visitSlots(segment: Ref, visit: (tag: number, entry: Ref) => void): void {
    const { memory } = this;
    const end = segment + SEGMENT_WORDS;
    for (let slot = segment + Segment.Slots; slot < end; slot += Slot.Words) {
      const ref = memory.word(slot + Slot.Ref);
      if (ref !== EMPTY && ref !== GONE) visit(memory.word(slot + Slot.Tag), ref);
    }
  }

  /** Replaces a full segment by a clean copy or by two of half its tags; false without memory. */
  private renew(segment: Ref, tag: number): boolean {
    const { memory } = this;
    let keys = 0;
    this.visitSlots(segment, () => keys++);
    const depth = memory.word(segment + Segment.Depth) + (keys < FEW_KEYS ? 0 : 1);
    if (depth > memory.word(memory.word(Header.Directory) + Directory.Depth) && !this.deepen()) {
      return false;
    }
    const low = this.newSegment(depth);
    if (low === 0) return false;
    const split = depth > memory.word(segment + Segment.Depth);
    const high = split ? this.newSegment(depth) : low;
    if (high === 0) {
      this.heap.free(low);
      return false;
    }
    this.visitSlots(segment, (entryTag, entry) => {
      const inHigh = split && ((entryTag >>> (32 - depth)) & 1) === 1;
      this.copySlot(inHigh ? high : low, entryTag, entry);
    });

    const directory = memory.word(Header.Directory);
    const span =
      2 ** (memory.word(directory + Directory.Depth) - memory.word(segment + Segment.Depth));
    const first = Math.floor(
      (tag >>> 0) / (TAGS / 2 ** memory.word(directory + Directory.Depth)) / span,
    );
    const place = directory + Directory.Segments + first * span;
    for (let n = 0; n < span; n++) {
      memory.store(place + n, n < span / 2 || !split ? low : high);
    }
    this.retired.add(segment);
    return true;
  }

  private copySlot(segment: Ref, tag: number, entry: Ref): void {
    const { memory } = this;
    let index = homeOf(tag);
    const slots = segment + Segment.Slots;
    while (memory.word(slots + index * Slot.Words + Slot.Ref) !== EMPTY) {
      if (++index === SLOTS) index = 0;
    }
    memory.setWord(slots + index * Slot.Words + Slot.Tag, tag);
    memory.setWord(slots + index * Slot.Words + Slot.Ref, entry);
    this.count(segment, 1);
  }

  /** Doubles the directory. */
  private deepen(): boolean {
    const { memory } = this;
    const old = memory.word(Header.Directory);
    const depth = memory.word(old + Directory.Depth);
    const directory = this.newDirectory(depth + 1);
    if (directory === 0) return false;
    for (let n = 0; n < 2 ** depth; n++) {
      const segment = memory.word(old + Directory.Segments + n);
      memory.setWord(directory + Directory.Segments + 2 * n, segment);
      memory.setWord(directory + Directory.Segments + 2 * n + 1, segment);
    }
    memory.store(Header.Directory, directory);
    this.retired.add(old);
    return true;
  }

  private newDirectory(depth: number): Ref {
    const ref = this.heap.allocate(Directory.Segments + 2 ** depth);
    if (ref === 0) return 0;
    this.memory.setWord(ref + Directory.Depth, depth);
    this.memory.setNumber(ref + Block.Mark, Mark.Table);
    return ref;
  }

  private newSegment(depth: number): Ref {
    const { memory } = this;
    const ref = this.heap.allocate(SEGMENT_WORDS);
    if (ref === 0) return 0;
    memory.words.fill(0, ref + Segment.Used, ref + SEGMENT_WORDS);
    memory.setWord(ref + Segment.Depth, depth);
    memory.setNumber(ref + Block.Mark, Mark.Table);
    return ref;
  }
}

/** The slot at which the search for a tag begins: from the bits that choose no segment. */
function homeOf(tag: number): number {
  return ((tag & 0xffff) * SLOTS) >>> 16;
}

function sameDigest(words: Int32Array, ref: number, digest: Int32Array, at: number): boolean {
  return (
    words[ref] === digest[at] &&
    words[ref + 1] === digest[at + 1] &&
    words[ref + 2] === digest[at + 2] &&
    words[ref + 3] === digest[at + 3] &&
    words[ref + 4] === digest[at + 4] &&
    words[ref + 5] === digest[at + 5] &&
    words[ref + 6] === digest[at + 6] &&
    words[ref + 7] === digest[at + 7]
  );
}
