import { describe, expect, it } from 'vitest';
import { Heap } from '../../dist/lib/engine/fallback/heap.js';
import { Header, Mark, PAGE_WORDS } from '../../dist/lib/engine/fallback/layout.js';
import { Memory } from '../../dist/lib/engine/fallback/memory.js';
import { Random, runSeed } from '../support/random.js';
import { viewOf } from './mortal.js';

const seed = runSeed('heap.test.ts');

/** The smallest memory there is. */
function smallest(): Memory {
  return Memory.create(0) as Memory;
}

/** Allocates blocks and writes all over each, so that blocks which overlap are found out. */
class Blocks {
  readonly sizes = new Map<number, number>();
  private readonly memory: Memory;
  private readonly heap: Heap;

  constructor(memory: Memory, heap: Heap) {
    this.memory = memory;
    this.heap = heap;
  }

  allocate(words: number): boolean {
    const ref = this.heap.allocate(words);
    if (ref === 0) return false;
    if (this.memory.number(ref) !== Mark.Free) throw new Error(`block ${ref} is not marked free`);
    this.memory.words.fill(ref, ref, ref + words);
    this.sizes.set(ref, words);
    return true;
  }

  free(ref: number): void {
    const words = this.sizes.get(ref) as number;
    for (let word = ref; word < ref + words; word++) {
      if (this.memory.words[word] !== ref) throw new Error(`block ${ref} was written over`);
    }
    this.sizes.delete(ref);
    this.heap.free(ref);
  }

  freeAll(): void {
    for (const ref of this.sizes.keys()) this.free(ref);
  }
}

describe('the heap', () => {
  it('gives blocks of all sizes that do not overlap, and uses memory again', () => {
    const random = new Random(seed);
    const memory = smallest();
    const blocks = new Blocks(memory, new Heap(memory));
    const size = () => 8 + random.below(random.pick([16, 256, 4_096, 40_000]));
    let pages = 0;
    for (let round = 0; round < 6; round++) {
      for (let n = 0; n < 600; n++) expect(blocks.allocate(size())).toBe(true);
      const refs = [...blocks.sizes.keys()];
      for (const ref of refs) if (random.chance(0.6)) blocks.free(ref);
      for (let n = 0; n < 300; n++) expect(blocks.allocate(size())).toBe(true);
      blocks.freeAll();
      // The sizes differ from round to round, so some more may be needed, but not the same again.
      if (round === 1) pages = memory.pages;
      if (round > 1) expect(memory.pages).toBeLessThan(pages * 1.5);
    }
  });

  it.each([8, 24, 500, 4_000, 16_376, PAGE_WORDS * 3])(
    'gives all there is in blocks of %d words, and all of it again once they are freed',
    (words) => {
      const memory = smallest();
      const blocks = new Blocks(memory, new Heap(memory));
      const counts = [0, 0].map(() => {
        while (blocks.allocate(words));
        const { size } = blocks.sizes;
        blocks.freeAll();
        return size;
      });
      expect(counts[1]).toBe(counts[0]);
      const most = memory.word(Header.MaxPages);
      expect(memory.pages).toBe(most);
      expect((counts[0] as number) * words).toBeGreaterThan(most * PAGE_WORDS * 0.85);
    },
  );

  it('has memory for others once what it had for one size is freed', () => {
    const memory = smallest();
    const blocks = new Blocks(memory, new Heap(memory));
    while (blocks.allocate(32));
    blocks.freeAll();
    const small = memory.word(Header.MaxPages) - 3;
    // One page may stay with the old size.
    let large = 0;
    while (blocks.allocate(PAGE_WORDS)) large++;
    expect(large).toBeGreaterThan(small * 0.98);
  });

  it('sees what another thread has made the memory grow by', () => {
    const memory = smallest();
    const other = viewOf(memory);
    const before = memory.words.length;
    while (other.words.length < before * 4) expect(other.grow(1)).toBe(true);
    const blocks = new Blocks(memory, new Heap(memory));
    for (let n = 0; n < 200; n++) expect(blocks.allocate(8_000)).toBe(true);
    expect(memory.words.length).toBeGreaterThan(before);
    blocks.freeAll();
  });
});
