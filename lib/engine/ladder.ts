import { InvalidKeyError } from '../errors.js';
import { writeHashInput } from '../record/encoding.js';
import type { Key } from '../record/key.js';
import { type Exchange, KEPT_RUNG, MAX_RUNG, Region } from './exchange.js';
import { LastKey, partAt, partsOf } from './lastkey.js';

const DIGEST_WORDS = Region.Digests >> 2;
const KEPT_WORD = DIGEST_WORDS + KEPT_RUNG * 8;
const KEPT_BYTE = Region.Digests + KEPT_RUNG * 32;

/** Where the parts of the first record of a `getMany` start. */
const FIRST_RECORD = Region.Input + 2;

/** Keys with as many `uses` know their digest. */
const KNOWN = 2;

/**
 * Locates keys for an engine (see `Exchange`): knows which digests stand on the ladder, and writes
 * to the input only the parts that come after those shared with the last key.
 *
 * The ladder counts on the engine to hash what was located. So each `locate` must be followed at
 * once by the engine call, each run of `record`s by `getMany`, and a call that fails otherwise than
 * by Absent by `forget`.
 */
export class Ladder {
  /** The key whose leading parts' digests stand on the rungs from 1 on. */
  readonly #last = new LastKey();
  /** The digest on rung 0; undefined for the 32 zero bytes. */
  #base: Uint8Array | undefined;
  /** The key last located, when its digest is to be kept. */
  #learner: Key | undefined;
  /** Where the input that was written last ends. */
  #end = 0;

  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;

  constructor(exchange: Exchange) {
    this.#bytes = exchange.bytes;
    this.#words = exchange.words;
  }

  /**
   * Where the key of `prefix` and `key` is, for the engine's `at`. Throws `InvalidKeyError` for a
   * key that cannot be hashed, or that starts from a digest and follows a prefix.
   */
  locate(prefix: Key | undefined, key: Key): number {
    if (this.#learner !== undefined) this.#learn(this.#learner);
    if (prefix !== undefined) return this.#climb(prefix, key, Region.Input);
    if (key.uses >= KNOWN) return this.#recall(key);
    const at = this.#climb(undefined, key, Region.Input);
    // Keys that are used once are many, and should cost nothing more.
    if (key.uses === 0) key.uses = 1;
    else if (at !== KEPT_RUNG) this.#learner = key;
    return at;
  }

  /**
   * Writes a record for `getMany` at `offset` of the exchange. Answers the offset after it, or -1
   * when it cannot follow those before it; any can be the first. Throws like `locate`.
   */
  record(prefix: Key | undefined, key: Key, offset: number): number {
    if (this.#learner !== undefined) this.#learn(this.#learner);
    if (offset + 34 > Region.Size) return -1;
    const at =
      prefix === undefined && key.uses >= KNOWN
        ? this.#recall(key)
        : this.#climb(prefix, key, offset + 2);
    if (at < 0) return -1;
    const bytes = this.#bytes;
    bytes[offset] = at;
    bytes[offset + 1] = at >> 8;
    if (at !== KEPT_RUNG) return this.#end;
    bytes.copyWithin(offset + 2, KEPT_BYTE, KEPT_BYTE + 32);
    return offset + 34;
  }

  /** Counts on no rung any more. */
  forget(): void {
    this.#last.depth = 0;
    this.#learner = undefined;
  }

  /** Writes the parts not shared to the input at `offset`; -1 where `record` answers that. */
  #climb(prefix: Key | undefined, key: Key, offset: number): number {
    let base = key.base;
    if (prefix !== undefined) {
      if (base !== undefined) {
        throw new InvalidKeyError('a key that starts from a digest cannot follow a prefix');
      }
      base = prefix.base;
    }
    if (base !== this.#base) {
      // Records before this one are hashed later, and need rung 0 as it is.
      if (offset > FIRST_RECORD) return -1;
      this.#startFrom(base);
    }
    const head = partsOf(prefix);
    const tail = key.parts;
    const total = head.length + tail.length;
    if (total > MAX_RUNG) return this.#digest(prefix, key);

    const rung = this.#last.turnTo(head, tail);
    let end = offset;
    for (let n = rung; n < total; n++) {
      end = writeHashInput(partAt(head, tail, n), this.#bytes, end);
      if (end < 0) return offset > FIRST_RECORD ? -1 : this.#digest(prefix, key);
    }
    this.#end = end;
    this.#last.depth = total;
    return rung | ((total - rung) << 8);
  }

  #startFrom(base: Uint8Array | undefined): void {
    if (base === undefined) this.#bytes.fill(0, Region.Digests, Region.Digests + 32);
    else this.#bytes.set(base, Region.Digests);
    this.#base = base;
    this.#last.depth = 0;
  }

  /** For a key of too many parts, or too long for the input. */
  #digest(prefix: Key | undefined, key: Key): number {
    const whole = prefix === undefined ? key : prefix.appendKey(key);
    this.#bytes.set(whole.digest(), KEPT_BYTE);
    return KEPT_RUNG;
  }

  /** Takes the digest of the key last located from its rung. */
  #learn(key: Key): void {
    const words = this.#words;
    const word = DIGEST_WORDS + this.#last.depth * 8;
    key.d0 = words[word] as number;
    key.d1 = words[word + 1] as number;
    key.d2 = words[word + 2] as number;
    key.d3 = words[word + 3] as number;
    key.d4 = words[word + 4] as number;
    key.d5 = words[word + 5] as number;
    key.d6 = words[word + 6] as number;
    key.d7 = words[word + 7] as number;
    key.uses = KNOWN;
    this.#learner = undefined;
  }

  /** Puts the digest of a key that knows it on the rung for such. */
  #recall(key: Key): number {
    const words = this.#words;
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
}
