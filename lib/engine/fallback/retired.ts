import { isBefore } from './epoch.js';
import type { Heap } from './heap.js';
import { Block, Header, Mark, type Ref } from './layout.js';
import type { Memory } from './memory.js';
import type { Sessions } from './sessions.js';

/**
 * Blocks that are out of the table, but that readers who came before may still
 * look at. A reader announces the epoch in which it began. A block remembers the
 * epoch in which it was retired. It is freed once every reader under way began
 * later. So neither waits for the other. For the owner of the transaction mutex
 * alone.
 */
export class Retired {
  private readonly memory: Memory;
  private readonly heap: Heap;
  private readonly sessions: Sessions;

  constructor(memory: Memory, heap: Heap, sessions: Sessions) {
    this.memory = memory;
    this.heap = heap;
    this.sessions = sessions;
  }

  /** How many blocks wait. */
  get count(): number {
    return this.memory.word(Header.RetiredCount);
  }

  add(ref: Ref): void {
    const { memory } = this;
    memory.setNumber(ref + Block.Mark, Mark.Retired);
    memory.setWord(ref + Block.RetiredIn, memory.word(Header.Epoch));
    memory.setWord(ref + Block.Next, 0);
    const tail = memory.word(Header.RetiredTail);
    if (tail === 0) memory.setWord(Header.RetiredHead, ref);
    else memory.setWord(tail + Block.Next, ref);
    memory.setWord(Header.RetiredTail, ref);
    memory.setWord(Header.RetiredCount, this.count + 1);
  }

  /** Frees at most `limit` blocks that no reader can look at any more; returns how many. */
  free(limit: number): number {
    const { memory } = this;
    if (memory.word(Header.RetiredHead) === 0) return 0;
    // Everything retired up to now must be seen as out of the table before readers are looked for.
    const epoch = memory.word(Header.Epoch) + 2;
    memory.store(Header.Epoch, epoch | 0);
    const oldest = this.sessions.oldestReader(epoch | 0);
    let freed = 0;
    while (freed < limit) {
      const ref = memory.word(Header.RetiredHead);
      if (ref === 0 || !isBefore(memory.word(ref + Block.RetiredIn), oldest)) break;
      const next = memory.word(ref + Block.Next);
      memory.setWord(Header.RetiredHead, next);
      if (next === 0) memory.setWord(Header.RetiredTail, 0);
      memory.setWord(Header.RetiredCount, this.count - 1);
      this.heap.free(ref);
      freed++;
    }
    return freed;
  }

  /** Forgets what waits. */
  clear(): void {
    this.memory.setWord(Header.RetiredHead, 0);
    this.memory.setWord(Header.RetiredTail, 0);
    this.memory.setWord(Header.RetiredCount, 0);
  }
}
