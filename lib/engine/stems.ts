import type { Bytes32 } from '../record/bytes32.js';
import type { Part } from '../record/part.js';
import { AccountUrl } from '../record/url.js';
import { STEM_COUNT, STEM_RUNG } from './exchange.js';
import { partAt, same } from './lastkey.js';

/** A key whose parts but the last have their digest on a rung. */
interface Owner {
  base: Bytes32 | undefined;
  head: readonly Part[];
  tail: readonly Part[];
}

/**
 * Knows which stems have their digest on the rungs from STEM_RUNG on. A stem is all parts but the
 * last of a key with the URL of an account among them: records of an account differ in their last
 * part, and programs come back to the same accounts. Each stem has one rung that it may be on,
 * which others may take.
 */
export class Stems {
  readonly #owners: (Owner | undefined)[] = new Array(STEM_COUNT).fill(undefined);

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
    if (head.length + tail.length - known < 2) return 0;
    const rung = this.#rungFor(head, tail);
    if (rung === 0) return 0;
    return this.#has(rung, base, head, tail) ? rung : -rung;
  }

  /** Notes that the rung gets the digest of the key's stem. */
  set(rung: number, base: Bytes32 | undefined, head: readonly Part[], tail: readonly Part[]): void {
    const owner = this.#owners[rung - STEM_RUNG];
    if (owner === undefined) {
      this.#owners[rung - STEM_RUNG] = { base, head, tail };
    } else {
      owner.base = base;
      owner.head = head;
      owner.tail = tail;
    }
  }

  /** Counts on no rung any more. */
  clear(): void {
    this.#owners.fill(undefined);
  }

  /** The rung for the key's stem, or 0 when a part that is neither text nor URL comes before its URL. */
  #rungFor(head: readonly Part[], tail: readonly Part[]): number {
    const last = head.length + tail.length - 1;
    for (let n = 0; n < last; n++) {
      const part = partAt(head, tail, n);
      if (typeof part === 'string') continue;
      if (!(part instanceof AccountUrl)) return 0;
      let mixed = part.serial;
      // Any spread will do under which most stems of an account, and accounts in a row, do not meet.
      for (let after = n + 1; after < last; after++) {
        const text = partAt(head, tail, after);
        if (typeof text === 'string') mixed = Math.imul(mixed, 3) + 613 * text.length;
      }
      return STEM_RUNG + (mixed & (STEM_COUNT - 1));
    }
    return 0;
  }

  #has(
    rung: number,
    base: Bytes32 | undefined,
    head: readonly Part[],
    tail: readonly Part[],
  ): boolean {
    const owner = this.#owners[rung - STEM_RUNG];
    if (owner === undefined || owner.base !== base) return false;
    const total = head.length + tail.length;
    if (owner.head.length + owner.tail.length !== total) return false;
    // From the end: what is most often different comes last.
    for (let n = total - 2; n >= 0; n--) {
      if (!same(partAt(owner.head, owner.tail, n), partAt(head, tail, n))) return false;
    }
    return true;
  }
}
