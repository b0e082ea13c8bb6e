import type { Heap } from './heap.js';
import { Block, Entry, Mark, type Ref } from './layout.js';
import type { Memory } from './memory.js';

/** Words of a segment: an open-addressing table of keys whose tags begin with the same bits. */
export const Segment = {
  /** How many bits that are. */
  Depth: 2,
  /** Slots that are not empty. */
  Used: 5,
  Slots: 6,
} as const;

/** Words of a slot: the tag and, written last, the newest entry of a key. */
export const Slot = { Tag: 0, Ref: 1, Words: 2 } as const;
export const EMPTY = 0;
/** A slot whose key is gone; the search goes on behind it. */
export const GONE = 1;

/** Fills the size class of which a page holds eight. */
export const SLOTS = 1019;
const SEGMENT_WORDS = Segment.Slots + SLOTS * Slot.Words;
/** A segment with so many used slots gets no further key. */
const MOST_USED = Math.floor(SLOTS * 0.78);

/**
 * The segments of the table. One store puts a key into a slot or takes it out,
 * so anyone may read meanwhile, and a thread may die between any two.
 */
export class Segments {
  private readonly memory: Memory;
  private readonly heap: Heap;
  /** The slot of the key that `find` looked for: where it is, or where it may be put. */
  slot = 0;

  constructor(memory: Memory, heap: Heap) {
    this.memory = memory;
    this.heap = heap;
  }

  /** An empty segment, or 0 when memory cannot be allocated. */
  create(depth: number): Ref {
    const { memory } = this;
    const segment = this.heap.allocate(SEGMENT_WORDS);
    if (segment === 0) return 0;
    memory.clear(segment + Segment.Used, segment + SEGMENT_WORDS);
    memory.setWord(segment + Segment.Depth, depth);
    memory.setNumber(segment + Block.Mark, Mark.Table);
    return segment;
  }

  depth(segment: Ref): number {
    return this.memory.word(segment + Segment.Depth);
  }

  isFull(segment: Ref): boolean {
    return this.memory.word(segment + Segment.Used) >= MOST_USED;
  }

  /** Whether many of its used slots are of keys that are gone. */
  isStale(segment: Ref): boolean {
    let keys = 0;
    this.visit(segment, () => keys++);
    return keys < MOST_USED / 2;
  }

  /**
   * Returns the newest entry of the key whose digest is the eight words at `at`, or 0.
   *
   * A slot's entry is read once: the owner of the transaction mutex may write the slot between two reads.
   */
  find(segment: Ref, tag: number, digest: Int32Array, at: number): Ref {
    const { memory } = this;
    const { words } = memory;
    let vacancy = 0;
    let index = homeOf(tag);
    for (let n = 0; n < SLOTS; n++) {
      const slot = segment + Segment.Slots + index * Slot.Words;
      const ref = words[slot + Slot.Ref] as number;
      if (ref === EMPTY || ref === GONE) {
        if (vacancy === 0) vacancy = slot;
        if (ref === EMPTY) break;
      } else if (words[slot + Slot.Tag] === tag) {
        memory.reach(ref);
        if (sameDigest(memory.words, ref + Entry.Digest, digest, at)) {
          this.slot = slot;
          return ref;
        }
      }
      if (++index === SLOTS) index = 0;
    }
    this.slot = vacancy;
    return 0;
  }

  /** The slot in which an entry is the newest of its key, which has that tag. */
  slotOf(segment: Ref, tag: number, entry: Ref): number {
    const { memory } = this;
    for (let index = homeOf(tag); ; index++) {
      if (index === SLOTS) index = 0;
      const slot = segment + Segment.Slots + index * Slot.Words;
      if (memory.word(slot + Slot.Ref) === entry) return slot;
    }
  }

  /** Makes `entry` the newest of the key in a slot; 0: the key is gone. */
  set(slot: number, entry: Ref): void {
    this.memory.store(slot + Slot.Ref, entry === 0 ? GONE : entry);
  }

  /** Puts a key that `find` has just not found into `slot`. */
  add(segment: Ref, tag: number, entry: Ref): void {
    const { memory, slot } = this;
    if (memory.word(slot + Slot.Ref) === EMPTY) this.countUsed(segment);
    memory.setWord(slot + Slot.Tag, tag);
    memory.store(slot + Slot.Ref, entry);
  }

  /** Puts a key that it does not have into a segment that nobody else sees. */
  copy(segment: Ref, tag: number, entry: Ref): void {
    const { memory } = this;
    const slots = segment + Segment.Slots;
    let index = homeOf(tag);
    while (memory.word(slots + index * Slot.Words + Slot.Ref) !== EMPTY) {
      if (++index === SLOTS) index = 0;
    }
    memory.setWord(slots + index * Slot.Words + Slot.Tag, tag);
    memory.setWord(slots + index * Slot.Words + Slot.Ref, entry);
    this.countUsed(segment);
  }

  /** Calls `visit` with the tag and the newest entry of each key. */
  visit(segment: Ref, visit: (tag: number, newest: Ref) => void): void {
    const { memory } = this;
    const end = segment + SEGMENT_WORDS;
    for (let slot = segment + Segment.Slots; slot < end; slot += Slot.Words) {
      const ref = memory.word(slot + Slot.Ref);
      if (ref !== EMPTY && ref !== GONE) visit(memory.word(slot + Slot.Tag), ref);
    }
  }

  /** Counts the used slots. `examine` returns what is to be the newest entry of a key, 0 for none. */
  rebuild(segment: Ref, examine: (newest: Ref) => Ref): void {
    const { memory } = this;
    let used = 0;
    const end = segment + SEGMENT_WORDS;
    for (let slot = segment + Segment.Slots; slot < end; slot += Slot.Words) {
      const ref = memory.word(slot + Slot.Ref);
      if (ref === EMPTY) continue;
      used++;
      if (ref === GONE) continue;
      const newest = examine(ref);
      if (newest !== ref) this.set(slot, newest);
    }
    memory.setWord(segment + Segment.Used, used);
  }

  private countUsed(segment: Ref): void {
    this.memory.setWord(segment + Segment.Used, this.memory.word(segment + Segment.Used) + 1);
  }
}

/** The slot at which the search for a tag begins: from the bits that choose no segment. */
export function homeOf(tag: number): number {
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
