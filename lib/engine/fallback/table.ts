import type { Heap } from './heap.js';
import { Block, Entry, Header, Mark, type Ref } from './layout.js';
import type { Memory } from './memory.js';
import type { Retired } from './retired.js';
import { Segments } from './segments.js';
import { tagOf } from './tag.js';

/** Words of the directory: 2^depth places, chosen by the highest bits of the tag, each with a segment. */
export const Directory = { Depth: 2, Places: 6 } as const;

/** How many tags there are. */
const TAGS = 2 ** 32;

/**
 * The map from digests to entries: extendible hashing, so that it grows one
 * segment at a time. Each step that changes it is one store and leaves it whole.
 * So anyone may read during a change, and a thread may die after any step. Only
 * the owner of the transaction mutex may change it.
 */
export class Table {
  private readonly memory: Memory;
  private readonly heap: Heap;
  private readonly retired: Retired;
  private readonly segments: Segments;
  private readonly seed0: number;
  private readonly seed1: number;

  constructor(memory: Memory, heap: Heap, retired: Retired) {
    this.memory = memory;
    this.heap = heap;
    this.retired = retired;
    this.segments = new Segments(memory, heap);
    this.seed0 = memory.word(Header.Seed);
    this.seed1 = memory.word(Header.Seed + 1);
  }

  /** The tag of the digest in the eight words at `at`. */
  tagOf(words: Int32Array, at: number): number {
    return tagOf(words, at, this.seed0, this.seed1);
  }

  /** Makes an empty table; false when memory cannot be allocated. */
  create(): boolean {
    const segment = this.segments.create(0);
    const directory = segment === 0 ? 0 : this.newDirectory(0);
    if (directory === 0) return false;
    this.memory.setWord(directory + Directory.Places, segment);
    this.memory.store(Header.Directory, directory);
    return true;
  }

  /** Returns the newest entry of the key whose digest is the eight words at `at`, or 0. */
  find(tag: number, digest: Int32Array, at: number): Ref {
    return this.segments.find(this.segmentOf(tag), tag, digest, at);
  }

  /** Makes `entry` the newest of the key that `find` has just found. */
  replace(entry: Ref): void {
    this.segments.set(this.segments.slot, entry);
  }

  /** Adds an entry whose key `find` has just not found; false when memory cannot be allocated. */
  add(tag: number, entry: Ref): boolean {
    const { segments } = this;
    let segment = this.segmentOf(tag);
    while (segments.isFull(segment)) {
      if (!this.renew(segment, tag)) return false;
      segment = this.segmentOf(tag);
      segments.find(segment, tag, this.memory.words, entry + Entry.Digest);
    }
    segments.add(segment, tag, entry);
    return true;
  }

  /** Puts in the place of a key's newest entry the one that it superseded. */
  withdraw(entry: Ref): void {
    const { memory, segments } = this;
    const older = memory.word(entry + Entry.Older);
    if (older !== 0) memory.setWord(older + Entry.Newer, 0);
    const tag = this.tagOf(memory.words, entry + Entry.Digest);
    segments.set(segments.slotOf(this.segmentOf(tag), tag, entry), older);
  }

  /**
   * Calls `visit` for the newest entry of each key in the segment that has the
   * tags from `tag` on; returns the first tag behind the segment. Between two
   * calls the table may change: no key is met twice, and no key that stays is missed.
   */
  visitSegment(tag: number, visit: (newest: Ref) => void): number {
    const { segments } = this;
    const segment = this.segmentOf(tag | 0);
    segments.visit(segment, (own, newest) => {
      // A segment that is being split still has the tags of its first half, which were visited.
      if (own >>> 0 >= tag) visit(newest);
    });
    const tags = TAGS / 2 ** segments.depth(segment);
    return (Math.floor(tag / tags) + 1) * tags;
  }

  /** The first tag behind all. */
  get end(): number {
    return TAGS;
  }

  /**
   * Puts the table in order after a thread died while it renewed a segment, and returns the blocks
   * that belong to it. `examine` returns what is to be the newest entry of a key, 0 for none.
   */
  rebuild(examine: (newest: Ref) => Ref): Set<Ref> {
    const { memory, segments } = this;
    const directory = memory.word(Header.Directory);
    const depth = this.depth;
    const first = directory + Directory.Places;
    // A place that still has the segment which was being renewed comes last and counts: both it and
    // what was to replace it are whole.
    for (let place = 0; place < 2 ** depth; place++) {
      const segment = memory.word(first + place);
      this.setPlaces(place, depth - segments.depth(segment), segment, segment);
    }
    const found = new Set<Ref>();
    for (let place = 0; place < 2 ** depth; place++) found.add(memory.word(first + place));
    for (const segment of found) segments.rebuild(segment, examine);
    return found.add(directory);
  }

  private get depth(): number {
    return this.memory.word(this.memory.word(Header.Directory) + Directory.Depth);
  }

  private segmentOf(tag: number): Ref {
    const { memory } = this;
    const directory = memory.word(Header.Directory);
    memory.reach(directory);
    const depth = memory.word(directory + Directory.Depth);
    const place = directory + Directory.Places + placeOf(tag, depth);
    memory.reach(place);
    const segment = memory.word(place);
    memory.reach(segment);
    return segment;
  }

  /** Replaces a full segment by a clean copy or by two of half its tags; false without memory. */
  private renew(segment: Ref, tag: number): boolean {
    const { segments } = this;
    const old = segments.depth(segment);
    const split = !segments.isStale(segment);
    const depth = split ? old + 1 : old;
    if (depth > this.depth && !this.deepen()) return false;
    const low = segments.create(depth);
    if (low === 0) return false;
    const high = split ? segments.create(depth) : low;
    if (high === 0) {
      this.heap.free(low);
      return false;
    }
    segments.visit(segment, (moved, newest) => {
      segments.copy((placeOf(moved, depth) & 1) === 1 ? high : low, moved, newest);
    });
    this.setPlaces(placeOf(tag, this.depth), this.depth - old, low, high);
    this.retired.add(segment);
    return true;
  }

  /**
   * Has the 2^bits places around `place` that one segment has point to `low` in the first half of
   * them and to `high` in the second.
   */
  private setPlaces(place: number, bits: number, low: Ref, high: Ref): void {
    const count = 2 ** bits;
    const first = this.memory.word(Header.Directory) + Directory.Places + (place & -count);
    for (let n = 0; n < count; n++) this.memory.store(first + n, n < count / 2 ? low : high);
  }

  /** Doubles the directory; false when memory cannot be allocated. */
  private deepen(): boolean {
    const { memory, depth } = this;
    const old = memory.word(Header.Directory);
    const directory = this.newDirectory(depth + 1);
    if (directory === 0) return false;
    for (let place = 0; place < 2 ** depth; place++) {
      const segment = memory.word(old + Directory.Places + place);
      memory.setWord(directory + Directory.Places + 2 * place, segment);
      memory.setWord(directory + Directory.Places + 2 * place + 1, segment);
    }
    memory.store(Header.Directory, directory);
    this.retired.add(old);
    return true;
  }

  private newDirectory(depth: number): Ref {
    const ref = this.heap.allocate(Directory.Places + 2 ** depth);
    if (ref === 0) return 0;
    this.memory.setWord(ref + Directory.Depth, depth);
    this.memory.setNumber(ref + Block.Mark, Mark.Table);
    return ref;
  }
}

/** The place of a tag in a directory of that depth. */
function placeOf(tag: number, depth: number): number {
  // A shift by 32 bits shifts by 0.
  return depth === 0 ? 0 : tag >>> (32 - depth);
}
