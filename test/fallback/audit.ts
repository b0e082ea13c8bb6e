import { capacity, SIZES } from '../../dist/lib/engine/fallback/heap.js';
import { pageUse } from '../../dist/lib/engine/fallback/identity.js';
import {
  Block,
  DELETED,
  Entry,
  Header,
  Mark,
  PAGE_HEADER_WORDS,
  PAGE_SHIFT,
  PageUse,
  PageWord,
  Session,
} from '../../dist/lib/engine/fallback/layout.js';
import { byteOf, type Memory, sessionWord } from '../../dist/lib/engine/fallback/memory.js';
import { Pages } from '../../dist/lib/engine/fallback/pages.js';
import {
  EMPTY,
  GONE,
  homeOf,
  Segment,
  SLOTS,
  Slot,
} from '../../dist/lib/engine/fallback/segments.js';
import type { Store } from '../../dist/lib/engine/fallback/store.js';
import { List } from '../../dist/lib/engine/fallback/superseded.js';
import { Directory } from '../../dist/lib/engine/fallback/table.js';
import { tagOf } from '../../dist/lib/engine/fallback/tag.js';
import { Index, isIndex } from '../../dist/lib/engine/fallback/versionindex.js';
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
 * Checks the whole memory of a database whose threads rest, and that nothing waits that could be freed.
 * Returns how many superseded entries there are.
 */
export function audit(store: Store): number {
  const audited = new Audit(store.memory);
  audited.run();
  const { count } = store.retired;
  if (count !== 0) throw new Error(`${count} retired blocks wait`);
  return audited.superseded.size;
}

/**
 * Reads the whole memory of a database whose threads rest. Each page and each block must be in exactly one
 * place, and each count right.
 */
export class Audit {
  /** The entries that another one has superseded. */
  readonly superseded = new Set<number>();
  private readonly memory: Memory;
  private readonly pages: Pages;
  /** What each block in use is. */
  private readonly blocks = new Map<number, string>();
  private entries = 0;
  private bytes = 0;

  constructor(memory: Memory) {
    this.memory = memory;
    memory.refresh();
    this.pages = new Pages(memory);
  }

  /** Throws an error that says what is wrong. */
  run(): void {
    this.equal('Dirty', this.memory.word(Header.Dirty), 0);
    this.table();
    this.lists();
    this.retired();
    this.pageMap();
    this.equal('Entries', this.memory.number(Header.Entries), this.entries);
    this.equal('Bytes', this.memory.number(Header.Bytes), this.bytes);
    this.equal('Superseded', this.memory.number(Header.Superseded), this.superseded.size);
  }

  private equal(what: string, found: number, expected: number): void {
    if (found !== expected) throw new Error(`${what} is ${found}, not ${expected}`);
  }

  /** Notes what a block is. It must not be anything else. */
  private note(ref: number, what: string): void {
    const known = this.blocks.get(ref);
    if (known !== undefined) throw new Error(`block ${ref} is ${known} and ${what}`);
    if (!(ref > 0 && ref < this.memory.words.length)) throw new Error(`no block ${ref}: ${what}`);
    this.blocks.set(ref, what);
  }

  private table(): void {
    const { memory } = this;
    const directory = memory.word(Header.Directory);
    this.note(directory, 'the directory');
    const depth = memory.word(directory + Directory.Depth);
    const groups = new Map<number, number>();
    for (let place = 0; place < 2 ** depth; place++) {
      const segment = memory.word(directory + Directory.Places + place);
      const own = memory.word(segment + Segment.Depth);
      const group = place >>> (depth - own);
      if (!groups.has(segment)) this.note(segment, 'a segment');
      else this.equal('the group of a segment', group, groups.get(segment) as number);
      groups.set(segment, group);
    }
    let tags = 0;
    for (const [segment, group] of groups) {
      const own = memory.word(segment + Segment.Depth);
      tags += 2 ** -own;
      this.segment(segment, own, group);
    }
    this.equal('the part of the tags that has a segment', tags, 1);
  }

  private segment(segment: number, depth: number, group: number): void {
    const { memory } = this;
    const slots = segment + Segment.Slots;
    const ref = (index: number) => memory.word(slots + index * Slot.Words + Slot.Ref);
    let used = 0;
    for (let index = 0; index < SLOTS; index++) {
      const newest = ref(index);
      if (newest === EMPTY) continue;
      used++;
      if (newest === GONE) continue;
      const tag = memory.word(slots + index * Slot.Words + Slot.Tag);
      const digest = newest + Entry.Digest;
      const seeds = [memory.word(Header.Seed), memory.word(Header.Seed + 1)] as const;
      this.equal('a tag', tag, tagOf(memory.words, digest, ...seeds));
      this.equal('the segment of a tag', depth === 0 ? 0 : tag >>> (32 - depth), group);
      for (let at = homeOf(tag); at !== index; at = (at + 1) % SLOTS) {
        if (ref(at) === EMPTY) throw new Error('a key is behind an empty slot');
        const isSameTag = memory.word(slots + at * Slot.Words + Slot.Tag) === tag;
        if (ref(at) !== GONE && isSameTag && this.sameKey(ref(at), newest)) {
          throw new Error('a key is in twice');
        }
      }
      this.chain(newest);
    }
    this.equal('Used of a segment', memory.word(segment + Segment.Used), used);
  }

  private sameKey(one: number, two: number): boolean {
    const { words } = this.memory;
    for (let n: number = Entry.Digest; n < Entry.Data; n++) {
      if (words[one + n] !== words[two + n]) return false;
    }
    return true;
  }

  /** The versions of a key. */
  private chain(newest: number): void {
    const { memory } = this;
    const isDeleted = memory.word(newest + Entry.ValueLength) === DELETED;
    if (!isDeleted) {
      this.entries++;
      this.bytes += memory.word(newest + Entry.KeyLength) + memory.word(newest + Entry.ValueLength);
    } else if (memory.word(newest + Entry.Older) === 0) {
      throw new Error('a deletion stays that hides nothing');
    }
    const versions = new Map<number, number>();
    let newer = 0;
    let last = memory.published + 1;
    for (let entry = newest; entry !== 0; entry = memory.word(entry + Entry.Older)) {
      this.note(entry, 'an entry');
      if (entry !== newest) this.superseded.add(entry);
      const version = memory.number(entry + Entry.Version);
      if (!(version >= 1 && version < last)) throw new Error(`version ${version} before ${last}`);
      this.equal('a link to the newer version', memory.word(entry + Entry.Newer), newer);
      if (!this.sameKey(entry, newest)) throw new Error('a version is of another key');
      versions.set(version, entry);
      last = version;
      newer = entry;
    }
    const index = memory.word(newest + Entry.Index);
    if (!isIndex(index)) return;
    this.note(index, 'an index');
    const capacity = memory.word(index + Index.Capacity);
    const count = memory.word(index + Index.Count);
    let before = 0;
    for (let n = 0; n < count; n++) {
      const version = memory.number(index + Index.Versions + 2 * n);
      if (!(version > before)) throw new Error('an index is not in order');
      before = version;
      const entry = versions.get(version);
      if (entry === undefined) continue;
      this.equal(
        'an entry of an index',
        memory.word(index + Index.Versions + 2 * capacity + n),
        entry,
      );
      versions.delete(version);
    }
    versions.delete(memory.number(newest + Entry.Version));
    this.equal('the versions that an index lacks', versions.size, 0);
  }

  /** The lists of superseded entries: each entry is in one. */
  private lists(): void {
    const { memory } = this;
    const listed = new Set<number>();
    const add = (entry: number) => {
      if (!this.superseded.has(entry)) throw new Error(`block ${entry} is listed as superseded`);
      if (listed.has(entry)) throw new Error('an entry is listed twice');
      listed.add(entry);
    };
    for (let e = memory.word(Header.Unexamined); e !== 0; e = memory.word(e + Entry.Next)) add(e);
    this.equal('UnexaminedCount', memory.word(Header.UnexaminedCount), listed.size);
    for (let l = memory.word(Header.KeptLists); l !== 0; l = memory.word(l + List.Next)) {
      this.note(l, 'a list');
      this.equal('the mark of a list', memory.number(l + Block.Mark), Mark.List);
      const pin = memory.number(l + List.Version);
      const count = memory.word(l + List.Count);
      let last = 0;
      let entry = memory.word(l + List.First);
      for (let n = 0; n < count; n++) {
        add(entry);
        const newer = memory.word(entry + Entry.Newer);
        const isSeen =
          memory.number(entry + Entry.Version) <= pin && pin < memory.number(newer + Entry.Version);
        if (!isSeen) throw new Error('a list has an entry that its pin does not see');
        last = entry;
        entry = memory.word(entry + Entry.Next);
      }
      this.equal('the last of a list', memory.word(l + List.Last), last);
    }
    this.equal('how many entries are listed', listed.size, this.superseded.size);
  }

  private retired(): void {
    const { memory } = this;
    let count = 0;
    let last = 0;
    for (let r = memory.word(Header.RetiredHead); r !== 0; r = memory.word(r + Block.Next)) {
      this.note(r, 'retired');
      this.equal('the mark of a retired block', memory.number(r + Block.Mark), Mark.Retired);
      count++;
      last = r;
    }
    this.equal('RetiredCount', memory.word(Header.RetiredCount), count);
    this.equal('RetiredTail', memory.word(Header.RetiredTail), last);
  }

  private pageMap(): void {
    const { pages } = this;
    const pinPages = this.pinPages();
    const listed = this.classes();
    let found = 0;
    for (let page = 0; page < pages.count; page++) {
      const use = pages.use(page);
      const length = pages.runLength(page);
      if (length > 0) {
        if (this.blocks.has(page << PAGE_SHIFT)) found++;
        else throw new Error(`the run of ${length} pages at ${page} is lost`);
        for (let n = 1; n < length; n++) this.equal('a run', pages.use(page + n), PageUse.Rest);
        page += length - 1;
      } else if (use === PageUse.Blocks) {
        found += this.blockPage(page, listed);
      } else if (use >= PageUse.Session) {
        if (!pages.isFree(use) && pinPages.get(page) !== use)
          throw new Error(`page ${page} is lost`);
      } else if (use !== PageUse.Free && use !== PageUse.Reserved) {
        throw new Error(`page ${page} is lost: ${use}`);
      }
      if (pinPages.has(page)) this.equal('a page of pins', use, pinPages.get(page) as number);
    }
    // Each block in use is in a page that is.
    this.equal('blocks in pages', found, this.blocks.size);
  }

  /** The pages of pins, and what the page map is to say of them. */
  private pinPages(): Map<number, number> {
    const { memory } = this;
    const found = new Map<number, number>();
    for (let session = 0; session < memory.word(Header.Sessions); session++) {
      const word = sessionWord(session);
      const identity = memory.loadLong(word + Session.Identity);
      const use = pageUse(session, identity);
      if (this.pages.isFree(use)) continue;
      let page = memory.word(word + Session.PinPage);
      for (; page !== 0; page = memory.word(page << PAGE_SHIFT)) {
        if (found.has(page)) throw new Error(`page ${page} has the pins of two`);
        found.set(page, use);
      }
    }
    return found;
  }

  /** The pages that are listed for their free blocks, and their size class. */
  private classes(): Map<number, number> {
    const { memory } = this;
    const listed = new Map<number, number>();
    for (let sizeClass = 0; sizeClass < SIZES.length; sizeClass++) {
      let previous = 0;
      let page = memory.word(Header.Classes + sizeClass);
      for (; page !== 0; page = memory.word((page << PAGE_SHIFT) + PageWord.Next)) {
        if (listed.has(page)) throw new Error(`page ${page} is listed twice`);
        this.equal('the use of a listed page', this.pages.use(page), PageUse.Blocks);
        const base = page << PAGE_SHIFT;
        this.equal('Previous of a page', memory.word(base + PageWord.Previous), previous);
        this.equal('the class of a page', memory.word(base + PageWord.SizeClass), sizeClass);
        listed.set(page, sizeClass);
        previous = page;
      }
    }
    return listed;
  }

  /** Returns how many blocks of a page are in use. */
  private blockPage(page: number, listed: Map<number, number>): number {
    const { memory } = this;
    const base = page << PAGE_SHIFT;
    const sizeClass = memory.word(base + PageWord.SizeClass);
    const size = (SIZES[sizeClass] as number) >> 2;
    const begun = memory.word(base + PageWord.Begun);
    const free = new Set<number>();
    for (let r = memory.word(base + PageWord.Free); r !== 0; r = memory.word(r + Block.Next)) {
      if (free.has(r)) throw new Error(`block ${r} is free twice`);
      this.equal('the mark of a free block', memory.number(r + Block.Mark), Mark.Free);
      free.add(r);
    }
    let used = 0;
    for (let n = 0; n < begun; n++) {
      const ref = base + PAGE_HEADER_WORDS + n * size;
      const what = this.blocks.get(ref);
      if (what !== undefined) used++;
      if ((what !== undefined) === free.delete(ref)) {
        throw new Error(`block ${ref}, marked ${memory.number(ref)}, is ${what ?? 'lost'}`);
      }
    }
    this.equal('free blocks of another page', free.size, 0);
    this.equal('Used of a page', memory.word(base + PageWord.Used), used);
    this.equal(
      'whether a page is listed',
      Number(listed.has(page)),
      Number(used < capacity(sizeClass)),
    );
    return used;
  }
}
