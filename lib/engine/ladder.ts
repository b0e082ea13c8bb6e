import { InvalidKeyError } from '../errors.js';
import { writeHashInput } from '../record/encoding.js';
import type { Key } from '../record/key.js';
import { type Part, Uint } from '../record/part.js';
import { type Exchange, KEPT_RUNG, MAX_RUNG, Region } from './exchange.js';

const NO_PARTS: readonly Part[] = [];
const DIGEST_WORDS = Region.Digests >> 2;
const KEPT_WORD = DIGEST_WORDS + KEPT_RUNG * 8;
const KEPT_BYTE = Region.Digests + KEPT_RUNG * 32;

/** Where the parts of the first record of a `getMany` start. */
const FIRST_RECORD = Region.Input + 2;

/** A key whose digest was learned or given has `uses` of at least this. */
const KNOWN = 2;

/**
 * How many leading parts of the key made of `head` and `tail` are among the first `depth` of
 * `known`. Parts count as the same when that is cheap to see; taking equal ones for different
 * only costs work.
 */
export function sharedParts(
  known: readonly Part[],
  depth: number,
  head: readonly Part[],
  tail: readonly Part[],
): number {
  let n = 0;
  const ahead = head.length;
  const inHead = ahead < depth ? ahead : depth;
  while (n < inHead && same(known[n] as Part, head[n] as Part)) n++;
  if (n < ahead) return n;
  const total = ahead + tail.length;
  const limit = total < depth ? total : depth;
  while (n < limit && same(known[n] as Part, tail[n - ahead] as Part)) n++;
  return n;
}

function same(a: Part, b: Part): boolean {
  return a === b || (a instanceof Uint && b instanceof Uint && a.value === b.value);
}

/**
 * Locates keys for an engine (see `Exchange`): knows which digests stand on the ladder, and
 * writes to the input only the parts that come after the ones shared with the last key.
 *
 * The ladder counts on the engine to hash what was located: each `locate` must be followed at
 * once by the engine call, each run of `record`s by `getMany`, and a call that fails otherwise
 * than by Absent by `forget`.
 */
export class Ladder {
  /** The parts whose digests stand on the rungs 1 to `depth`. */
  private readonly parts: Part[] = [];
  private depth = 0;
  /** Whose digest stands on rung 0; undefined: the 32 zero bytes. */
  private base: Uint8Array | undefined;
  /** The key last located, when its digest is worth keeping. */
  private learner: Key | undefined;
  /** Where the input that was written last ends. */
  private end = 0;

  private readonly bytes: Uint8Array;
  private readonly words: Int32Array;

  constructor(exchange: Exchange) {
    this.bytes = exchange.bytes;
    this.words = exchange.words;
  }

  /**
   * Where the key `prefix` + `key` is, for the engine's `at`. Throws `InvalidKeyError` for a key
   * that cannot be hashed, or that starts from a digest and follows a prefix.
   */
  locate(prefix: Key | undefined, key: Key): number {
    if (this.learner !== undefined) this.learn(this.learner);
    if (prefix !== undefined) return this.climb(prefix, key, Region.Input);
    if (key.uses >= KNOWN) return this.recall(key);
    const at = this.climb(undefined, key, Region.Input);
    if (key.uses === 0) key.uses = 1;
    else if (at !== KEPT_RUNG) this.learner = key;
    return at;
  }

  /**
   * Writes a record for `getMany` at `offset` of the exchange. Answers the offset after it, or -1
   * when it cannot follow those before it; any can be the first. Throws like `locate`.
   */
  record(prefix: Key | undefined, key: Key, offset: number): number {
    if (this.learner !== undefined) this.learn(this.learner);
    if (offset + 34 > Region.Size) return -1;
    if (prefix === undefined && key.uses >= KNOWN) return this.recordKept(key, offset);
    const at = this.climb(prefix, key, offset + 2);
    if (at < 0) return -1;
    const rung = at & 0xff;
    this.bytes[offset] = rung;
    this.bytes[offset + 1] = at >> 8;
    if (rung !== KEPT_RUNG) return this.end;
    this.bytes.copyWithin(offset + 2, KEPT_BYTE, KEPT_BYTE + 32);
    return offset + 34;
  }

  /** Trusts no rung any more. */
  forget(): void {
    this.depth = 0;
    this.learner = undefined;
  }

  /** Writes the parts not shared to the input at `offset`; -1 when `record` must answer that. */
  private climb(prefix: Key | undefined, key: Key, offset: number): number {
    let base = key.base;
    let head = NO_PARTS;
    if (prefix !== undefined) {
      if (base !== undefined) {
        throw new InvalidKeyError('a key that starts from a digest cannot follow a prefix');
      }
      base = prefix.base;
      head = prefix.parts;
    }
    if (base !== this.base) {
      // Records before this one are hashed later, and need rung 0 as it is.
      if (offset > FIRST_RECORD) return -1;
      this.startFrom(base);
    }
    const tail = key.parts;
    const ahead = head.length;
    const total = ahead + tail.length;
    if (total > MAX_RUNG) return this.digest(prefix, key);

    const rung = sharedParts(this.parts, this.depth, head, tail);
    this.depth = rung;
    let end = offset;
    for (let n = rung; n < total; n++) {
      const part = (n < ahead ? head[n] : tail[n - ahead]) as Part;
      end = writeHashInput(part, this.bytes, end);
      if (end < 0) return offset > FIRST_RECORD ? -1 : this.digest(prefix, key);
      this.parts[n] = part;
    }
    this.end = end;
    this.depth = total;
    return rung | ((total - rung) << 8);
  }

  private startFrom(base: Uint8Array | undefined): void {
    if (base === undefined) this.bytes.fill(0, Region.Digests, Region.Digests + 32);
    else this.bytes.set(base, Region.Digests);
    this.base = base;
    this.depth = 0;
  }

  /** A key too long for the ladder or the input. */
  private digest(prefix: Key | undefined, key: Key): number {
    const whole = prefix === undefined ? key : prefix.appendKey(key);
    this.bytes.set(whole.digest(), KEPT_BYTE);
    return KEPT_RUNG;
  }

  /** Takes the digest of the key last located off its rung: it was used before, so it will be again. */
  private learn(key: Key): void {
    const { words } = this;
    const word = DIGEST_WORDS + this.depth * 8;
    key.d0 = words[word] as number;
    key.d1 = words[word + 1] as number;
    key.d2 = words[word + 2] as number;
    key.d3 = words[word + 3] as number;
    key.d4 = words[word + 4] as number;
    key.d5 = words[word + 5] as number;
    key.d6 = words[word + 6] as number;
    key.d7 = words[word + 7] as number;
    key.uses = KNOWN;
    this.learner = undefined;
  }

  private recall(key: Key): number {
    const { words } = this;
    words[KEPT_WORD] = key.d0;
    words[KEPT_WORD + 1] = key.d1;
    words[KEPT_WORD + 2] = key.d2;
    words[KEPT_WORD + 3] = key.d3;
    words[KEPT_WORD + 4] = key.d4;
    words[KEPT_WORD + 5] = key.d5;
    words[KEPT_WORD + 6] = key.d6;
    words[KEPT_WORD + 7] = key.d7;
    return KEPT_RUNG;
  }

  private recordKept(key: Key, offset: number): number {
    this.recall(key);
    this.bytes[offset] = KEPT_RUNG;
    this.bytes[offset + 1] = 0;
    this.bytes.copyWithin(offset + 2, KEPT_BYTE, KEPT_BYTE + 32);
    return offset + 34;
  }
}
