import type { Key } from '../record/key.js';
import { type Part, Uint } from '../record/part.js';

export const NO_PARTS: readonly Part[] = [];

/**
 * Remembers the key that was written last, of which `depth` leading parts count, so that the next
 * one needs to be written only from the first part on that is another.
 */
export class LastKey {
  /** How many leading parts count; whoever writes the others raises it. */
  depth = 0;
  #head = NO_PARTS;
  #tail = NO_PARTS;

  /**
   * Takes the key of `head` and `tail` in place of the last one, and answers how many leading parts
   * of both are the same: so many count from now on. Parts are the same when that is cheap to see;
   * to take equal ones for different only costs work.
   */
  turnTo(head: readonly Part[], tail: readonly Part[]): number {
    const shared = head === this.#head ? this.#sharedTail(tail) : this.#shared(head, tail);
    this.#head = head;
    this.#tail = tail;
    this.depth = shared;
    return shared;
  }

  /** For the same head. */
  #sharedTail(tail: readonly Part[]): number {
    const known = this.#tail;
    const ahead = this.#head.length;
    const limit = Math.min(this.depth - ahead, tail.length);
    if (limit <= 0) return Math.min(this.depth, ahead);
    let n = 0;
    while (n < limit && same(known[n] as Part, tail[n] as Part)) n++;
    return ahead + n;
  }

  #shared(head: readonly Part[], tail: readonly Part[]): number {
    const limit = Math.min(this.depth, head.length + tail.length);
    let n = 0;
    while (n < limit && same(partAt(this.#head, this.#tail, n), partAt(head, tail, n))) n++;
    return n;
  }
}

/** Part `n` of the key made of `head` and `tail`. */
export function partAt(head: readonly Part[], tail: readonly Part[], n: number): Part {
  return (n < head.length ? head[n] : tail[n - head.length]) as Part;
}

/** The parts that come before a key's own. */
export function partsOf(prefix: Key | undefined): readonly Part[] {
  return prefix === undefined ? NO_PARTS : prefix.parts;
}

/** Whether the parts are the same, as far as that is cheap to see. */
export function same(a: Part, b: Part): boolean {
  // Apart from the other comparison because each sees values of fewer types so, and is faster.
  if (typeof a === 'string') return a === b;
  return a === b || (a instanceof Uint && b instanceof Uint && a.value === b.value);
}
