import { storedForm, writeBinary } from '../record/encoding.js';
import type { Key } from '../record/key.js';
import type { Part } from '../record/part.js';
import { Target } from '../record/target.js';
import { type Exchange, Region, STEM_COUNT, STEM_RUNG } from './exchange.js';
import { LastKey, partAt, partsOf } from './lastkey.js';
import { Stems } from './stems.js';

/** The most parts that a count of one byte tells. */
const MAX_PARTS = 127;
/** The longest stem that is remembered, in words. */
const STEM_WORDS = 32;
const KEY_WORD = Region.Key >> 2;

/**
 * Writes the stored form of keys to the key region of the exchange. That of the last key still
 * stands there: only the parts that differ are encoded again. Of the stems of earlier keys the form
 * is remembered: a few words to copy, where to encode a URL takes as long as a put otherwise.
 */
export class StoredKeys {
  readonly #last = new LastKey();
  /** Where each part ends, for those from `#known` on. */
  readonly #ends: number[] = [];
  /** The end of fewer parts than these is not known. */
  #known = 0;
  readonly #stems = new Stems();
  readonly #forms = new Int32Array(STEM_COUNT * STEM_WORDS);
  readonly #lengths = new Uint8Array(STEM_COUNT);
  readonly #words: Int32Array;
  readonly #target: Target;

  constructor(exchange: Exchange) {
    this.#words = exchange.words;
    this.#target = new Target(exchange.bytes.subarray(Region.Key, Region.Key + Region.KeySize));
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
    const target = this.#target;
    let written = last.turnTo(head, tail);
    const found = this.#stems.find(undefined, head, tail, written);
    if (found > 0) {
      written = total - 1;
      this.#known = written;
      ends[written - 1] = this.#restore(found - STEM_RUNG);
    } else if (written < this.#known) {
      written = 0;
      this.#known = 0;
    }
    last.depth = written;

    let end = written === 0 ? 1 : (ends[written - 1] as number);
    for (let n = written; n < total; n++) {
      end = writeBinary(partAt(head, tail, n), target, end);
      if (end < 0) return -1;
      ends[n] = end;
    }
    last.depth = total;
    target.bytes[0] = total;
    if (found < 0) this.#remember(-found, head, tail, ends[total - 2] as number);
    return end;
  }

  /** The stored form of any key, in an array of its own. */
  form(prefix: Key | undefined, key: Key): Uint8Array {
    const whole = prefix === undefined ? key : prefix.appendKey(key);
    return storedForm(whole.parts, whole.base);
  }

  #remember(rung: number, head: readonly Part[], tail: readonly Part[], length: number): void {
    if (length > STEM_WORDS * 4) return;
    const slot = rung - STEM_RUNG;
    this.#stems.set(rung, undefined, head, tail);
    this.#lengths[slot] = length;
    copyWords(this.#words, KEY_WORD, this.#forms, slot * STEM_WORDS, length);
  }

  /** Puts the form of a stem back into the region; answers its length. */
  #restore(slot: number): number {
    const length = this.#lengths[slot] as number;
    copyWords(this.#forms, slot * STEM_WORDS, this.#words, KEY_WORD, length);
    return length;
  }
}

/** Copies the words that `length` bytes are in. For so few, a loop beats the call. */
function copyWords(
  source: Int32Array,
  from: number,
  target: Int32Array,
  to: number,
  length: number,
): void {
  const words = (length + 3) >> 2;
  for (let n = 0; n < words; n++) target[to + n] = source[from + n] as number;
}
