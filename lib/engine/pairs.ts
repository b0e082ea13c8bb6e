import { View } from './view.js';

/** A run of pairs of an iteration, one of which is current; before the first `advance` none is. */
export class Pairs {
  /** Lengths of keys and values in turns. */
  readonly #lengths: Int32Array;
  /** A copy of the bytes that nobody else has: for keys, which are decoded later. */
  readonly #copy: ArrayBuffer;
  /** What values are handed out of, and where the bytes start in it. */
  #memory: ArrayBufferLike;
  #position: number;
  #next = 0;
  #key = 0;
  #value = 0;
  #end = 0;

  /** Of `size` bytes at `position`, key and value of each pair one after the other. */
  constructor(lengths: Int32Array, memory: ArrayBufferLike, position: number, size: number) {
    this.#lengths = lengths;
    this.#memory = memory;
    this.#position = position;
    this.#copy = new Uint8Array(memory, position, size).slice().buffer;
  }

  /** Goes to the next pair; returns false at the end. */
  advance(): boolean {
    const lengths = this.#lengths;
    if (this.#next === lengths.length) return false;
    this.#key = this.#end;
    this.#value = this.#key + (lengths[this.#next] as number);
    this.#end = this.#value + (lengths[this.#next + 1] as number);
    this.#next += 2;
    return true;
  }

  /** The stored form of the current key, not to be changed. */
  key(): Uint8Array {
    return new Uint8Array(this.#copy, this.#key, this.#value - this.#key);
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
