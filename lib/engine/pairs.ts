import { valuePosition } from './exchange.js';
import { View } from './view.js';

/** A run of pairs of an iteration, one of which is current; before the first `advance` none is. */
export class Pairs {
  /** How many bytes they take. */
  readonly size: number;
  /** Lengths of keys and values in turns. */
  readonly #lengths: Int32Array;
  /** A copy of the bytes that nobody else has: for keys, which are decoded later. */
  readonly #copy: ArrayBuffer;
  /** What values are handed out of, and where the bytes start in it. */
  #memory: ArrayBufferLike;
  #position: number;
  #next = 0;
  #key = 0;
  #keyLength = 0;
  #value = 0;
  #end = 0;

  /** Their bytes are at `position`, as `Engine.next` writes them. */
  constructor(lengths: Int32Array, memory: ArrayBufferLike, position: number) {
    this.size = 0;
    for (let n = 0; n < lengths.length; n += 2) {
      const value = valuePosition(this.size + (lengths[n] as number));
      this.size = value + (lengths[n + 1] as number);
    }
    this.#lengths = lengths;
    this.#memory = memory;
    this.#position = position;
    this.#copy = new Uint8Array(memory, position, this.size).slice().buffer;
  }

  /** Goes to the next pair; returns false at the end. */
  advance(): boolean {
    const lengths = this.#lengths;
    if (this.#next === lengths.length) return false;
    this.#key = this.#end;
    this.#keyLength = lengths[this.#next] as number;
    this.#value = valuePosition(this.#key + this.#keyLength);
    this.#end = this.#value + (lengths[this.#next + 1] as number);
    this.#next += 2;
    return true;
  }

  /** The stored form of the current key, not to be changed. */
  key(): Uint8Array {
    return new Uint8Array(this.#copy, this.#key, this.#keyLength);
  }

  /** The current value, a Buffer of the caller's. */
  value(): Buffer {
    // Whoever was given a value may have detached the memory of all.
    if (this.#memory.byteLength === 0) {
      this.#memory = this.#copy.slice(0);
      this.#position = 0;
    }
    return new View(this.#memory, this.#position + this.#value, this.#end - this.#value);
  }
}
