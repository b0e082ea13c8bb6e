/** Each power of two has this many buckets, so the values of one bucket differ by 1.6 % at most. */
const BUCKETS = 64;
/** Enough for 2^53 ns, which is 104 days. */
const SIZE = 48 * BUCKETS;

/** Counted durations, as data that can be posted to a thread of any runtime. */
export interface LatencyCounts {
  /** How many durations each bucket counts. */
  readonly counts: readonly number[];
  /** The longest duration, ns. */
  readonly max: number;
}

/** Counts durations, and returns percentiles of them. */
export class Latencies {
  readonly #counts = new Array<number>(SIZE).fill(0);
  #max = 0;

  /** The counts so far. */
  get counts(): LatencyCounts {
    return { counts: [...this.#counts], max: this.#max };
  }

  record(ns: number): void {
    const value = Math.min(Math.max(0, Math.round(ns)), Number.MAX_SAFE_INTEGER);
    const bucket = bucketOf(value);
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#max = Math.max(this.#max, value);
  }

  /** Adds what another thread has counted. */
  add({ counts, max }: LatencyCounts): void {
    for (const [i, count] of counts.entries())
      this.#counts[i] = (this.#counts[i] as number) + count;
    this.#max = Math.max(this.#max, max);
  }

  /** Returns the duration in ns that `percent` % of all do not exceed; 0 before the first `record`. */
  percentile(percent: number): number {
    const total = this.#counts.reduce((n, count) => n + count, 0);
    let left = Math.max(1, Math.ceil((percent / 100) * total));
    for (const [bucket, count] of this.#counts.entries()) {
      left -= count;
      if (left <= 0) return Math.min(lastOf(bucket), this.#max);
    }
    return this.#max;
  }
}

function bucketOf(value: number): number {
  const shift = Math.max(0, Math.floor(Math.log2(value)) - Math.log2(BUCKETS));
  return shift * BUCKETS + Math.floor(value / 2 ** shift);
}

/** Returns the largest value that a bucket counts. */
function lastOf(bucket: number): number {
  const shift = Math.max(0, Math.floor(bucket / BUCKETS) - 1);
  return (bucket - shift * BUCKETS + 1) * 2 ** shift - 1;
}
