import {
  Block,
  Header,
  Mark,
  PAGE_BYTES,
  PAGE_HEADER_WORDS,
  PAGE_SHIFT,
  PageUse,
  PageWord,
  type Ref,
} from './layout.js';
import type { Memory } from './memory.js';
import { Pages } from './pages.js';

/** Bytes of blocks in a page. */
const ROOM = PAGE_BYTES - PAGE_HEADER_WORDS * 4;
const GRAIN = 16;

/** Block sizes in bytes: steps of 16 at first, then an eighth, then what fits a page n times. */
export const SIZES = blockSizes();
/** The largest block that shares a page. */
const LARGEST = SIZES[SIZES.length - 1] as number;
/** For each size in grains the class of the smallest block that holds it. */
const CLASS_OF = classes();

/**
 * The heap: blocks of a few sizes in pages of one size each, and runs of whole
 * pages for larger ones. A page without a block in use goes back to the others.
 * For the owner of the transaction mutex alone.
 */
export class Heap {
  readonly pages: Pages;
  private readonly memory: Memory;

  constructor(memory: Memory) {
    this.memory = memory;
    this.pages = new Pages(memory);
  }

  /**
   * A block of at least that many words, or 0 when memory cannot be allocated. It is
   * still marked free: until the caller marks it, a thread that dies loses nothing.
   */
  allocate(words: number): Ref {
    const bytes = words * 4;
    if (bytes > LARGEST) return this.allocateRun(bytes);
    const { memory } = this;
    const sizeClass = CLASS_OF[(bytes + GRAIN - 1) >> 4] as number;
    let page = memory.word(Header.Classes + sizeClass);
    if (page === 0) {
      page = this.pages.claim(PageUse.Claimed);
      if (page === 0) return 0;
      this.openPage(page, sizeClass);
    }
    const base = page << PAGE_SHIFT;
    const size = (SIZES[sizeClass] as number) >> 2;
    let ref = memory.word(base + PageWord.Free);
    if (ref !== 0) {
      memory.setWord(base + PageWord.Free, memory.word(ref + Block.Next));
    } else {
      const begun = memory.word(base + PageWord.Begun);
      ref = base + PAGE_HEADER_WORDS + begun * size;
      memory.setNumber(ref, Mark.Free);
      memory.setWord(base + PageWord.Begun, begun + 1);
    }
    const used = memory.word(base + PageWord.Used) + 1;
    memory.setWord(base + PageWord.Used, used);
    if (used === capacity(sizeClass)) this.unlist(page, sizeClass);
    return ref;
  }

  free(ref: Ref): void {
    const { memory } = this;
    memory.setNumber(ref, Mark.Free);
    const page = ref >> PAGE_SHIFT;
    const length = this.pages.runLength(page);
    if (length > 0) {
      this.pages.releaseRun(page, length);
      return;
    }
    const base = page << PAGE_SHIFT;
    const sizeClass = memory.word(base + PageWord.SizeClass);
    const used = memory.word(base + PageWord.Used) - 1;
    memory.setWord(ref + Block.Next, memory.word(base + PageWord.Free));
    memory.setWord(base + PageWord.Free, ref);
    memory.setWord(base + PageWord.Used, used);
    if (used === capacity(sizeClass) - 1) this.list(page, sizeClass);
    // The last page of its class stays: what comes and goes shall not take it and give it back each time.
    const first = memory.word(Header.Classes + sizeClass);
    if (used === 0 && (first !== page || memory.word(base + PageWord.Next) !== 0)) {
      this.unlist(page, sizeClass);
      this.pages.release(page);
    }
  }

  /**
   * Puts the heap in order after a thread died inside it. It calls `examine` for every
   * block that is not marked free; that returns whether the block is in use.
   */
  rebuild(examine: (ref: Ref) => boolean): void {
    const { memory, pages } = this;
    const count = pages.count;
    for (let n = 0; n < SIZES.length; n++) memory.setWord(Header.Classes + n, 0);
    memory.setWord(Header.FreePage, 0);
    for (let page = 0; page < count; page++) {
      const use = pages.use(page);
      const length = pages.runLength(page);
      if (length > 0) {
        const ref = page << PAGE_SHIFT;
        if (memory.number(ref) !== Mark.Free && examine(ref)) page += length - 1;
        else pages.setUse(page, PageUse.Free);
      } else if (use === PageUse.Blocks) {
        this.rebuildPage(page, examine);
      } else if (use === PageUse.Claimed || use === PageUse.Rest) {
        pages.setUse(page, PageUse.Free);
      }
    }
  }

  private rebuildPage(page: number, examine: (ref: Ref) => boolean): void {
    const { memory } = this;
    const base = page << PAGE_SHIFT;
    const sizeClass = memory.word(base + PageWord.SizeClass);
    const size = (SIZES[sizeClass] as number) >> 2;
    const begun = memory.word(base + PageWord.Begun);
    let used = 0;
    let free = 0;
    for (let n = 0; n < begun; n++) {
      const ref = base + PAGE_HEADER_WORDS + n * size;
      if (memory.number(ref) !== Mark.Free && examine(ref)) {
        used++;
      } else {
        memory.setNumber(ref, Mark.Free);
        memory.setWord(ref + Block.Next, free);
        free = ref;
      }
    }
    memory.setWord(base + PageWord.Used, used);
    memory.setWord(base + PageWord.Free, free);
    if (used === 0) this.pages.setUse(page, PageUse.Free);
    else if (used < capacity(sizeClass)) this.list(page, sizeClass);
  }

  private allocateRun(bytes: number): Ref {
    return this.pages.claimRun(Math.ceil(bytes / PAGE_BYTES)) << PAGE_SHIFT;
  }

  private openPage(page: number, sizeClass: number): void {
    const base = page << PAGE_SHIFT;
    this.memory.clear(base, base + PAGE_HEADER_WORDS);
    this.memory.setWord(base + PageWord.SizeClass, sizeClass);
    this.pages.setUse(page, PageUse.Blocks);
    this.list(page, sizeClass);
  }

  private list(page: number, sizeClass: number): void {
    const { memory } = this;
    const base = page << PAGE_SHIFT;
    const next = memory.word(Header.Classes + sizeClass);
    memory.setWord(base + PageWord.Next, next);
    memory.setWord(base + PageWord.Previous, 0);
    if (next !== 0) memory.setWord((next << PAGE_SHIFT) + PageWord.Previous, page);
    memory.setWord(Header.Classes + sizeClass, page);
  }

  private unlist(page: number, sizeClass: number): void {
    const { memory } = this;
    const base = page << PAGE_SHIFT;
    const next = memory.word(base + PageWord.Next);
    const previous = memory.word(base + PageWord.Previous);
    if (next !== 0) memory.setWord((next << PAGE_SHIFT) + PageWord.Previous, previous);
    if (previous === 0) memory.setWord(Header.Classes + sizeClass, next);
    else memory.setWord((previous << PAGE_SHIFT) + PageWord.Next, next);
  }
}

export function capacity(sizeClass: number): number {
  return Math.floor(ROOM / (SIZES[sizeClass] as number));
}

function blockSizes(): Int32Array {
  const sizes: number[] = [];
  let size = GRAIN * 2;
  for (; size < 512; size += GRAIN) sizes.push(size);
  for (; size < 2048; size += Math.floor(size / 8 / GRAIN) * GRAIN) sizes.push(size);
  const inPage = (count: number) => Math.floor(ROOM / count / GRAIN) * GRAIN;
  for (let count = Math.floor(ROOM / size); count >= 2; count--) sizes.push(inPage(count));
  return Int32Array.from(sizes);
}

function classes(): Uint8Array {
  const found = new Uint8Array(LARGEST / GRAIN + 1);
  let sizeClass = 0;
  for (let grains = 0; grains < found.length; grains++) {
    while ((SIZES[sizeClass] as number) < grains * GRAIN) sizeClass++;
    found[grains] = sizeClass;
  }
  return found;
}

/** How many words `Header.Classes` takes. */
export const SIZE_CLASSES = SIZES.length;
