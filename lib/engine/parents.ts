import { type Part, Uint } from '../record/part.js';
import { AccountUrl } from '../record/url.js';
import { type Exchange, Region, Slot } from './exchange.js';

/** The most parts of a parent that is remembered. */
const MOST = 8;
const LONGEST_TEXT = 64;
/** The longest stored form that is remembered, in words. */
const FORM_WORDS = 32;
const KEY_WORD = Region.Key >> 2;

/**
 * Remembers the parents of earlier keys. The parent of a key is all its parts but the last. Records of an
 * account have few parents, and programs come back to them.
 *
 * Each parent has one slot, which follows from its parts; another parent may take it. The engine keeps
 * the parent's digest in that slot of the exchange. Here stand the parts, and the stored form of the parent
 * without its count, once a put has written it. Only texts, URLs and unsigned integers are known here: a
 * parent with a part of another kind, or with a long text, has no slot.
 */
export class Parents {
  readonly #words: Int32Array;
  /** Each slot's parts, then undefined. They stand side by side: one look at memory finds them. */
  readonly #parts: (Part | undefined)[] = Array.from({ length: Slot.ParentCount * MOST });
  readonly #forms = new Int32Array(Slot.ParentCount * FORM_WORDS);
  /** The lengths of the forms, 0 for none. */
  readonly #lengths = new Uint8Array(Slot.ParentCount);

  constructor(exchange: Exchange) {
    this.#words = exchange.words;
  }

  /**
   * Returns the slot of a parent: the first `count` parts of `head` and `tail`. The slot is negated if it is
   * not this parent's now. A parent that cannot have a slot has 0.
   */
  find(head: readonly Part[], tail: readonly Part[], count: number): number {
    if (count < 1 || count > MOST) return 0;
    const index = indexOf(head, tail, count);
    if (index < 0) return 0;
    const slot = Slot.FirstParent + index;
    return this.#has(index * MOST, head, tail, count) ? slot : -slot;
  }

  /** Gives the slot to the parent. The caller has the engine keep the digest in it. */
  take(slot: number, head: readonly Part[], tail: readonly Part[], count: number): void {
    const index = slot - Slot.FirstParent;
    const start = index * MOST;
    for (let n = 0; n < MOST; n++) {
      this.#parts[start + n] = n < count ? partAt(head, tail, n) : undefined;
    }
    this.#lengths[index] = 0;
  }

  /** Trusts no slot any more. */
  clear(): void {
    this.#parts.fill(undefined);
  }

  /** Copies the slot's stored form to the key region; returns where it ends there, or 0 without a form. */
  restoreForm(slot: number): number {
    const index = slot - Slot.FirstParent;
    const end = this.#lengths[index] as number;
    copyWords(this.#forms, index * FORM_WORDS, this.#words, KEY_WORD, end);
    return end;
  }

  /** Remembers the stored form of the slot's parent, which ends at byte `end` of the key region. */
  saveForm(slot: number, end: number): void {
    if (end > FORM_WORDS * 4) return;
    const index = slot - Slot.FirstParent;
    copyWords(this.#words, KEY_WORD, this.#forms, index * FORM_WORDS, end);
    this.#lengths[index] = end;
  }

  #has(start: number, head: readonly Part[], tail: readonly Part[], count: number): boolean {
    const parts = this.#parts;
    if (count < MOST && parts[start + count] !== undefined) return false;
    // From the end: parts that differ most often come last.
    for (let n = count - 1; n >= 0; n--) {
      const part = parts[start + n];
      if (part === undefined || !same(part, partAt(head, tail, n))) return false;
    }
    return true;
  }
}

/** Part `n` of the key made of `head` and `tail`. */
export function partAt(head: readonly Part[], tail: readonly Part[], n: number): Part {
  return (n < head.length ? head[n] : tail[n - head.length]) as Part;
}

/** The index of the slot for these parts, or -1 if one of them is of a kind that is not known here. */
function indexOf(head: readonly Part[], tail: readonly Part[], count: number): number {
  let mixed = count;
  for (let n = 0; n < count; n++) {
    const part = partAt(head, tail, n);
    if (typeof part === 'string') {
      const { length } = part;
      if (length > LONGEST_TEXT) return -1;
      mixed = Math.imul(mixed, 31) + 613 * length;
      if (length > 0) mixed += part.charCodeAt(0) + 7 * part.charCodeAt(length - 1);
    } else if (part instanceof AccountUrl) {
      mixed = Math.imul(mixed, 31) + part.serial;
    } else if (part instanceof Uint && typeof part.value === 'number') {
      mixed = Math.imul(mixed, 31) + (part.value | 0);
    } else {
      return -1;
    }
  }
  return mixed & (Slot.ParentCount - 1);
}

/** Whether the parts are the same, as far as that is cheap to see. To miss that costs work, nothing else. */
function same(a: Part, b: Part): boolean {
  // A comparison of its own, which sees fewer types of values and is faster.
  if (typeof a === 'string') return a === b;
  return a === b || (a instanceof Uint && b instanceof Uint && a.value === b.value);
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
