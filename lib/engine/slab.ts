import { markAsUntransferable } from 'node:worker_threads';
import type { Engine } from './engine.js';
import { SLAB_SIZE, valuePosition, Word } from './exchange.js';
import { Pairs } from './pairs.js';
import { View } from './view.js';

const NONE = Buffer.alloc(0);

/**
 * The memory into which an engine writes values, and from which they are handed out: each byte
 * once, as part of one Buffer. A used-up slab lives on in those Buffers.
 */
export class Slab {
  readonly #engine: Engine;
  #memory: ArrayBufferLike = new ArrayBuffer(0);
  /** Where the next value goes; a `valuePosition`. */
  #position = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.renew();
  }

  /**
   * Must come right before every call that writes values: a caller that was given one may have detached the
   * memory of all.
   */
  keep(): void {
    if (this.#engine.exchange.slab.length !== SLAB_SIZE) this.renew();
  }

  /** Like `keep`; also begins a new slab when there are less than `size` bytes left. */
  keepRoom(size: number): void {
    if (this.#position + size > SLAB_SIZE) this.renew();
    else this.keep();
  }

  /** Begins a new slab, of more than the usual size for one call only. */
  renew(size: number = SLAB_SIZE): void {
    const { exchange } = this.#engine;
    const slab = Buffer.allocUnsafeSlow(size);
    // Else a transfer of one value to another thread would empty all the others.
    markAsUntransferable(slab.buffer);
    // No slab until the engine has it: if this is stopped before, `keep` begins another.
    exchange.slab = NONE;
    exchange.words[Word.SlabPosition] = 0;
    this.#memory = slab.buffer;
    this.#position = 0;
    this.#engine.useSlab(slab);
    exchange.slab = slab;
  }

  /** The value that the engine just wrote. */
  take(length: number): Buffer {
    const position = this.#position;
    this.#advance(length);
    return new View(this.#memory, position, length);
  }

  /** Appends to `found` the values that the engine just wrote, by their lengths in the results. */
  takeMany(count: number, found: (Buffer | undefined)[]): void {
    const { results } = this.#engine.exchange;
    const memory = this.#memory;
    const start = this.#position;
    let position = start;
    for (let n = 0; n < count; n++) {
      const length = results[n] as number;
      if (length < 0) {
        found.push(undefined);
      } else {
        found.push(new View(memory, position, length));
        position = valuePosition(position + length);
      }
    }
    this.#advance(position - start);
  }

  /** The pairs that the engine just wrote, by their lengths in the results. */
  takePairs(count: number): Pairs {
    const lengths = this.#engine.exchange.results.slice(0, count * 2);
    const pairs = new Pairs(lengths, this.#memory, this.#position);
    this.#advance(pairs.size);
    return pairs;
  }

  #advance(size: number): void {
    this.#position = valuePosition(this.#position + size);
    this.#engine.exchange.words[Word.SlabPosition] = this.#position;
  }
}
