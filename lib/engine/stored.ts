import { storedForm, writeBinary } from '../record/encoding.js';
import type { Key } from '../record/key.js';
import type { Part } from '../record/part.js';
import { type Exchange, Region } from './exchange.js';
import { sharedParts } from './ladder.js';

/** Keys of fewer parts have a count of one byte. */
const MAX_PARTS = 127;

const NO_PARTS: readonly Part[] = [];

/**
 * Writes the stored form of keys to the key region, where that of the last one still stands: only
 * the parts that differ are encoded again.
 */
export class StoredKeys {
  /** The parts that stand in the region, and where each ends. */
  private readonly parts: Part[] = [];
  private readonly ends: number[] = [];
  private depth = 0;
  private readonly bytes: Uint8Array;

  constructor(exchange: Exchange) {
    this.bytes = exchange.bytes.subarray(Region.Key, Region.Key + Region.KeySize);
  }

  /** The length of what now stands in the region, or -1 for a key that needs `form`. */
  write(prefix: Key | undefined, key: Key): number {
    const head = prefix === undefined ? NO_PARTS : prefix.parts;
    const base = prefix === undefined ? key.base : prefix.base;
    const tail = key.parts;
    const ahead = head.length;
    const total = ahead + tail.length;
    if (base !== undefined || total > MAX_PARTS) return -1;

    const { parts, ends, bytes } = this;
    const known = sharedParts(parts, this.depth, head, tail);
    this.depth = known;
    let end = known === 0 ? 1 : (ends[known - 1] as number);
    for (let n = known; n < total; n++) {
      const part = (n < ahead ? head[n] : tail[n - ahead]) as Part;
      end = writeBinary(part, bytes, end);
      if (end < 0) return -1;
      parts[n] = part;
      ends[n] = end;
    }
    this.depth = total;
    bytes[0] = total;
    return end;
  }

  /** The stored form of any key, in an array of its own. */
  form(prefix: Key | undefined, key: Key): Uint8Array {
    const whole = prefix === undefined ? key : prefix.appendKey(key);
    return storedForm(whole.parts, whole.base);
  }
}
