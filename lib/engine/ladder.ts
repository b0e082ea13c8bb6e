import { InvalidKeyError } from '../errors.js';
import type { Bytes32 } from '../record/bytes32.js';
import { writeHashInput } from '../record/encoding.js';
import type { Key } from '../record/key.js';
import { Target } from '../record/target.js';
import { type Exchange, KEPT_RUNG, MAX_RUNG, packAt, Region } from './exchange.js';
import { LastKey, partAt, partsOf } from './lastkey.js';
import { Stems } from './stems.js';

const DIGEST_WORDS = Region.Digests >> 2;
const KEPT_WORD = DIGEST_WORDS + KEPT_RUNG * 8;
const KEPT_BYTE = Region.Digests + KEPT_RUNG * 32;

/** How many bytes of a record stand before the parts. */
const RECORD_HEAD = 4;
/** Where the parts of the first record of a `getMany` start. */
const FIRST_RECORD = Region.Input + RECORD_HEAD;

/**
 * Locates keys for an engine (see `Exchange`): knows which digests stand on its rungs, and writes
 * to the input only the parts that come after those.
 *
 * The ladder counts on the engine to hash what was located. So each `locate`, and each run of
 * `record`s, must be followed at once by the engine call and, when that has hashed them, by
 * `settle`. Without it, whatever went wrong, the next call counts on nothing.
 */
export class Ladder {
  /** The key last located, of which some leading parts' digests stand on the ladder's rungs from 1 on. */
  readonly #last = new LastKey();
  readonly #stems = new Stems();
  /** When not 0, the digest of the last key's `#last.depth` parts is on this rung, and none on the ladder. */
  #stem = 0;
  /** The digest on rung 0; undefined for the 32 zero bytes. */
  #base: Bytes32 | undefined;
  /** The key last located, when its digest is to be kept. */
  #learner: Key | undefined;
  /** Whether the engine has hashed all that was located. */
  #settled = true;
  /** Where the input that was written last ends. */
  #end = 0;

  readonly #words: Int32Array;
  readonly #target: Target;

  constructor(exchange: Exchange) {
    this.#words = exchange.words;
    this.#target = new Target(exchange.bytes);
  }

  /**
   * Where the key of `prefix` and `key` is, for the engine's `at`. Throws `InvalidKeyError` for a
   * key that cannot be hashed, or that starts from a digest and follows a prefix.
   */
  locate(prefix: Key | undefined, key: Key): number {
    this.#begin();
    if (prefix !== undefined) return this.#climb(prefix, key, Region.Input);
    if (key.known) return this.#recall(key);
    const at = this.#climb(undefined, key, Region.Input);
    // Keys that are used once are many, and should cost nothing more.
    if (!key.used) key.used = true;
    else if (at !== KEPT_RUNG) this.#learner = key;
    return at;
  }

  /**
   * Writes a record for `getMany` at `offset` of the exchange, the first of a run at the start of the
   * input. Answers the offset after it, or -1 when it cannot follow those before it; any can be the
   * first. Throws like `locate`.
   */
  record(prefix: Key | undefined, key: Key, offset: number): number {
    if (offset === Region.Input) this.#begin();
    const start = offset + RECORD_HEAD;
    if (start + 32 > Region.Size) return -1;
    const at =
      prefix === undefined && key.known ? this.#recall(key) : this.#climb(prefix, key, start);
    if (at === NO_ROOM) return -1;
    this.#target.view.setInt32(offset, at, true);
    if (at !== KEPT_RUNG) return this.#end;
    this.#target.bytes.copyWithin(start, KEPT_BYTE, KEPT_BYTE + 32);
    return start + 32;
  }

  /** The engine has hashed what was located. */
  settle(): void {
    this.#settled = true;
  }

  #begin(): void {
    if (!this.#settled) this.#forget();
    this.#settled = false;
    if (this.#learner !== undefined) this.#learn(this.#learner);
  }

  /** Counts on no rung any more. */
  #forget(): void {
    this.#last.depth = 0;
    this.#stem = 0;
    this.#stems.clear();
    this.#learner = undefined;
  }

  /** Writes the parts that are to be hashed to the input at `offset`; NO_ROOM where `record` answers -1. */
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
      if (offset > FIRST_RECORD) return NO_ROOM;
      this.#startFrom(base);
    }
    const head = partsOf(prefix);
    const tail = key.parts;
    const total = head.length + tail.length;
    if (total > MAX_RUNG) return this.#digest(prefix, key);

    const last = this.#last;
    const depth = last.depth;
    let known = last.turnTo(head, tail);
    const found = this.#stems.find(base, head, tail, known);
    if (found > 0) {
      known = total - 1;
      this.#stem = found;
    } else if (this.#stem !== 0 && known < depth) {
      known = 0;
      this.#stem = 0;
    }
    last.depth = known;

    let end = offset;
    for (let n = known; n < total; n++) {
      end = writeHashInput(partAt(head, tail, n), this.#target, end);
      if (end < 0) return offset > FIRST_RECORD ? NO_ROOM : this.#digest(prefix, key);
    }
    this.#end = end;
    // On top of a stem no longer one is learned: it might take the rung of that.
    if (this.#stem !== 0) return packAt(this.#stem, total - known, 0);
    last.depth = total;
    const learned = found < 0 ? -found : 0;
    if (learned !== 0) this.#stems.set(learned, base, head, tail);
    return packAt(known, total - known, learned);
  }

  #startFrom(base: Bytes32 | undefined): void {
    if (base === undefined) this.#target.bytes.fill(0, Region.Digests, Region.Digests + 32);
    else base.write(this.#words, DIGEST_WORDS);
    this.#base = base;
    this.#last.depth = 0;
    this.#stem = 0;
  }

  /** For a key of too many parts, or too long for the input. */
  #digest(prefix: Key | undefined, key: Key): number {
    const whole = prefix === undefined ? key : prefix.appendKey(key);
    this.#target.bytes.set(whole.digest(), KEPT_BYTE);
    return KEPT_RUNG;
  }

  /** Takes the digest of the key last located from its rung. */
  #learn(key: Key): void {
    const rung = this.#stem !== 0 ? KEPT_RUNG : this.#last.depth;
    key.learn(this.#words, DIGEST_WORDS + rung * 8);
    this.#learner = undefined;
  }

  /** Puts the digest of a key that knows it on the rung for such. */
  #recall(key: Key): number {
    key.recall(this.#words, KEPT_WORD);
    return KEPT_RUNG;
  }
}

/** No `at`: no rung for a stem has so high a number. */
const NO_ROOM = -1;
