import type { Bytes32 } from '../record/bytes32.js';
import type { Part } from '../record/part.js';
import { AccountUrl } from '../record/url.js';
import { STEM_COUNT, STEM_RUNG } from './exchange.js';
import { partAt, same } from './lastkey.js';

/** The most parts of a stem. */
const MOST = 7;
const LONGEST_TEXT = 64;
/** What is known of a rung's stem: its base and its parts, then undefined. Side by side, for the cache. */
const SLOT = 1 + MOST;

/**
 * Knows which stems have their digest on the rungs from STEM_RUNG on. A stem is all parts but the
 * last of a key with the URL of an account among them: records of an account differ in their last
 * part, and programs come back to the same accounts. Each stem has one rung that it may be on,
 * which others may take.
 */
export class Stems {
  readonly #slots: (Bytes32 | Part | undefined)[] = Array.from({ length: STEM_COUNT * SLOT });

  /**
   * The rung with the digest of the stem of the key of `head` and `tail`; or, when it is on none,
   * the rung that it may take, negated; or 0 when there is no stem, or none that is longer than the
   * `known` parts whose digest is at hand.
   */
  find(
    base: Bytes32 | undefined,
    head: readonly Part[],
    tail: readonly Part[],
    known: number,
  ): number {
    const count = head.length + tail.length - 1;
    if (count <= known || count > MOST) return 0;
    const rung = rungFor(head, tail, count);
    if (rung === 0) return 0;
    return this.#has(rung, base, head, tail, count) ? rung : -rung;
  }

  /** Notes that the rung gets the digest of the key's stem. */
  set(rung: number, base: Bytes32 | undefined, head: readonly Part[], tail: readonly Part[]): void {
    const slots = this.#slots;
    const start = (rung - STEM_RUNG) * SLOT;
    const count = head.length + tail.length - 1;
    slots[start] = base;
    for (let n = 0; n < MOST; n++) {
      slots[start + 1 + n] = n < count ? partAt(head, tail, n) : undefined;
    }
  }

  /** Counts on no rung any more. */
  clear(): void {
    this.#slots.fill(undefined);
  }

  #has(
    rung: number,
    base: Bytes32 | undefined,
    head: readonly Part[],
    tail: readonly Part[],
    count: number,
  ): boolean {
    const slots = this.#slots;
    const start = (rung - STEM_RUNG) * SLOT;
    if (slots[start] !== base) return false;
    if (count < MOST && slots[start + 1 + count] !== undefined) return false;
    // From the end: what is most often different comes last.
    for (let n = count - 1; n >= 0; n--) {
      const part = slots[start + 1 + n];
      if (part === undefined || !same(part as Part, partAt(head, tail, n))) return false;
    }
    return true;
  }
}

/**
 * The rung for a stem of `count` parts; 0 when another part than text comes before its URL, or when
 * there is a large one, which is not to be kept.
 */
function rungFor(head: readonly Part[], tail: readonly Part[], count: number): number {
  let url = 0;
  while (url < count && typeof partAt(head, tail, url) === 'string') url++;
  const account = url < count ? partAt(head, tail, url) : undefined;
  if (!(account instanceof AccountUrl)) return 0;
  // Any spread will do under which most stems of an account, and accounts in a row, do not meet.
  let mixed = account.serial;
  for (let n = 0; n < count; n++) {
    const part = partAt(head, tail, n);
    if (typeof part === 'string') {
      if (part.length > LONGEST_TEXT) return 0;
      mixed = Math.imul(mixed, 3) + 613 * part.length;
    } else if (part instanceof Uint8Array) {
      return 0;
    }
  }
  return STEM_RUNG + (mixed & (STEM_COUNT - 1));
}
