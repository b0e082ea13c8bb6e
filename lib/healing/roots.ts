import { combine } from './hash.js';

/** The roots of the complete sub-trees of a chain at one count: slot i of 2^i entries. Immutable. */
export class Roots {
  readonly #slots: readonly (Buffer | undefined)[];
  /** For each slot, what the slots below it combine to. Filled when it is first asked for. */
  readonly #below: (Buffer | undefined)[] = [undefined];

  constructor(slots: readonly (Buffer | undefined)[]) {
    this.#slots = slots;
  }

  /** How many slots there are. The highest has a root. */
  get length(): number {
    return this.#slots.length;
  }

  /** Returns the root in a slot, not copied. */
  at(slot: number): Buffer | undefined {
    return this.#slots[slot];
  }

  /** Returns what the roots below a slot combine to, not copied; undefined if all are empty. */
  below(slot: number): Buffer | undefined {
    for (let next = this.#below.length; next <= slot; next++) {
      const root = this.#slots[next - 1];
      const rest = this.#below[next - 1];
      this.#below.push(root && rest ? combine(root, rest) : (root ?? rest));
    }
    return this.#below[slot];
  }

  /** The root of the whole chain, not copied; undefined if it is empty. */
  get anchor(): Buffer | undefined {
    return this.below(this.#slots.length);
  }
}
