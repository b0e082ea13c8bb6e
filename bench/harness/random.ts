/** Random numbers (xorshift32), the same in every run and for every subject. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  /** The next 32 bits, unsigned. */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }

  /** An integer of 0 to `n` - 1. */
  below(n: number): number {
    return Math.floor((this.next() / 0x1_0000_0000) * n);
  }

  /** `count` integers of 0 to `n` - 1. */
  picks(count: number, n: number): Int32Array {
    const picks = new Int32Array(count);
    for (let i = 0; i < count; i++) picks[i] = this.below(n);
    return picks;
  }

  /** The integers of 0 to `n` - 1, each once. */
  order(n: number): Int32Array {
    const order = new Int32Array(n);
    for (let i = 0; i < n; i++) {
      const j = this.below(i + 1);
      order[i] = order[j] as number;
      order[j] = i;
    }
    return order;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let i = 0; i < length; i++) bytes[i] = this.next() >>> 24;
    return bytes;
  }
}
