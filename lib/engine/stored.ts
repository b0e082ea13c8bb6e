import { storedForm, writeBinary } from '../record/encoding.js';
import type { Key } from '../record/key.js';
import { type Exchange, Region } from './exchange.js';
import { LastKey, partAt, partsOf } from './lastkey.js';

/** The most parts that a count of one byte tells. */
const MAX_PARTS = 127;

/**
 * Writes the stored form of keys to the key region of the exchange. That of the last key still
 * stands there: only the parts that differ are encoded again.
 */
export class StoredKeys {
  readonly #last = new LastKey();
  /** Where each part ends. */
  readonly #ends: number[] = [];
  readonly #bytes: Uint8Array;

  constructor(exchange: Exchange) {
    this.#bytes = exchange.bytes.subarray(Region.Key, Region.Key + Region.KeySize);
  }

  /** The length of what now stands in the region, or -1 for a key that needs `form`. */
  write(prefix: Key | undefined, key: Key): number {
    const base = prefix === undefined ? key.base : prefix.base;
    const head = partsOf(prefix);
    const tail = key.parts;
    const total = head.length + tail.length;
    if (base !== undefined || total > MAX_PARTS) return -1;

    const last = this.#last;
    const ends = this.#ends;
    const bytes = this.#bytes;
    const shared = last.turnTo(head, tail);
    let end = shared === 0 ? 1 : (ends[shared - 1] as number);
    for (let n = shared; n < total; n++) {
      end = writeBinary(partAt(head, tail, n), bytes, end);
      if (end < 0) return -1;
      ends[n] = end;
    }
    last.depth = total;
    bytes[0] = total;
    return end;
  }

  /** The stored form of any key, in an array of its own. */
  form(prefix: Key | undefined, key: Key): Uint8Array {
    const whole = prefix === undefined ? key : prefix.appendKey(key);
    return storedForm(whole.parts, whole.base);
  }
}
