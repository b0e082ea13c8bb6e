import { InvalidKeyError } from '../errors.js';
import type { Bytes32 } from '../record/bytes32.js';
import { storedForm, writeBinary, writeHashInput } from '../record/encoding.js';
import type { Key } from '../record/key.js';
import type { Part } from '../record/part.js';
import { Target } from '../record/target.js';
import { AT_LOCATED, type Exchange, fromOf, packAt, Region, Slot, Word } from './exchange.js';
import { Parents, partAt } from './parents.js';

/** The most parts that an engine hashes; the digest of a longer key is computed here. */
const MOST_PARTS = 32;
const LOCATED_BYTE = Region.Digests + Slot.Located * 32;
const LOCATED_WORD = LOCATED_BYTE >> 2;

/** The bytes of `at`, with which a record begins. */
const RECORD_HEAD = 4;
/** Behind the head and the digest of the first record. A record beyond may be too long for what is left. */
const FIRST_RECORD_END = Region.Input + RECORD_HEAD + 32;
const NO_PARTS: readonly Part[] = [];
/** Not an `at`: no slot has so high a number. */
const NO_ROOM = -1;

/**
 * Writes keys to the exchange: only those parts that an engine does not remember (see `Parents`). The
 * engine call must follow at once, since it hashes what stands in the exchange then.
 */
export class Keys {
  readonly #parents: Parents;
  readonly #words: Int32Array;
  /** The whole exchange, and its key region. */
  readonly #input: Target;
  readonly #form: Target;
  /** The key located last, if its digest is to be remembered in it. */
  #learner: Key | undefined;
  /** The byte behind the parts that were written last. */
  #end = 0;
  #formLength = 0;

  constructor(exchange: Exchange) {
    this.#parents = new Parents(exchange);
    this.#words = exchange.words;
    this.#input = new Target(exchange.bytes);
    this.#form = new Target(exchange.bytes.subarray(Region.Key, Region.Key + Region.KeySize));
  }

  /**
   * Returns where the key of `prefix` and `key` is, for the engine's `at`. Throws `InvalidKeyError` if the
   * key cannot be hashed, or if it starts from a digest and follows a prefix.
   */
  locate(prefix: Key | undefined, key: Key): number {
    this.#begin();
    if (prefix !== undefined) return this.#write(prefix, key, this.#find(prefix, key));
    if (key.known) return this.#recall(key);
    this.#noteUse(key);
    return this.#write(undefined, key, this.#find(undefined, key));
  }

  /** Like `locate`; also writes the stored form to the key region, see `formLength`. */
  locateToStore(prefix: Key | undefined, key: Key): number {
    this.#begin();
    const slot = this.#find(prefix, key);
    const restored = slot > 0 ? this.#parents.restoreForm(slot) : 0;
    const parentEnd = this.#writeForm(prefix, key, restored);
    const known = prefix === undefined && key.known;
    if (prefix === undefined && !known) this.#noteUse(key);
    // With the digest at hand too, a parent without a slot gets one: for the keys that follow.
    const at = known && slot >= 0 ? this.#recall(key) : this.#write(prefix, key, slot);
    // A key whose stored form has room is never too long for the input, so the slot was taken.
    if (slot !== 0 && restored === 0 && parentEnd > 0) {
      this.#parents.saveForm(Math.abs(slot), parentEnd);
    }
    return at;
  }

  /** The length of the stored form that `locateToStore` wrote, or -1 if it must be asked for by `form`. */
  get formLength(): number {
    return this.#formLength;
  }

  /** The stored form of any key, in an array of its own. */
  form(prefix: Key | undefined, key: Key): Uint8Array {
    const whole = wholeOf(prefix, key);
    return storedForm(whole.parts, whole.base);
  }

  /**
   * Writes a record for `getMany` at `offset` of the exchange; a run of records begins at the start of the
   * input. Returns the offset behind it, or -1 if there is no room; the first one always has room. Throws
   * like `locate`.
   */
  record(prefix: Key | undefined, key: Key, offset: number): number {
    if (offset === Region.Input) this.#begin();
    const start = offset + RECORD_HEAD;
    if (start + 32 > Region.Size) return NO_ROOM;
    const at =
      prefix === undefined && key.known
        ? this.#recall(key)
        : this.#write(
            prefix,
            key,
            this.#find(prefix, key),
            baseOf(prefix, key) === undefined ? start : start + 32,
          );
    if (at === NO_ROOM) return NO_ROOM;
    this.#input.view.setInt32(offset, at, true);
    if (fromOf(at) !== Slot.Located) return this.#end;
    this.#input.bytes.copyWithin(start, LOCATED_BYTE, LOCATED_BYTE + 32);
    return at === AT_LOCATED ? start + 32 : this.#end;
  }

  /** Comes before every request: what the last one left undone is not trusted. */
  #begin(): void {
    const words = this.#words;
    const request = words[Word.Request] as number;
    if (words[Word.Hashed] !== request) this.#parents.clear();
    else if (this.#learner !== undefined) this.#learner.learn(words, LOCATED_WORD);
    this.#learner = undefined;
    words[Word.Request] = (request + 1) | 0;
  }

  /** A key remembers its digest from its second use on, because most keys are used once. */
  #noteUse(key: Key): void {
    if (key.used) this.#learner = key;
    else key.used = true;
  }

  #find(prefix: Key | undefined, key: Key): number {
    if (baseOf(prefix, key) !== undefined) return 0;
    const head = partsOf(prefix);
    const tail = key.parts;
    return this.#parents.find(head, tail, head.length + tail.length - 1);
  }

  /** Writes the parts to hash, all or those behind the parent in `slot`; NO_ROOM for a record alone. */
  #write(prefix: Key | undefined, key: Key, slot: number, offset: number = Region.Input): number {
    const head = partsOf(prefix);
    const tail = key.parts;
    const total = head.length + tail.length;
    if (total > MOST_PARTS) return this.#digest(prefix, key);
    const base = baseOf(prefix, key);
    if (base !== undefined) base.write(this.#words, LOCATED_WORD);
    const first = slot > 0 ? total - 1 : 0;
    let end = offset;
    for (let n = first; n < total; n++) {
      end = writeHashInput(partAt(head, tail, n), this.#input, end);
      if (end < 0) return offset > FIRST_RECORD_END ? NO_ROOM : this.#digest(prefix, key);
    }
    this.#end = end;
    if (slot < 0) this.#parents.take(-slot, head, tail, total - 1);
    const from = slot > 0 ? slot : base === undefined ? Slot.Start : Slot.Located;
    return packAt(from, total - first, slot < 0 ? -slot : 0);
  }

  /**
   * Writes the stored form behind the parent's form, which ends at `restored`, or whole if that is 0.
   * Returns where the parent's form ends.
   */
  #writeForm(prefix: Key | undefined, key: Key, restored: number): number {
    const head = partsOf(prefix);
    const tail = key.parts;
    const total = head.length + tail.length;
    this.#formLength = -1;
    if (total > MOST_PARTS || baseOf(prefix, key) !== undefined) return 0;
    // One byte is enough for the count.
    let end = restored > 0 ? restored : 1;
    let parentEnd = end;
    for (let n = restored > 0 ? total - 1 : 0; n < total; n++) {
      parentEnd = end;
      end = writeBinary(partAt(head, tail, n), this.#form, end);
      if (end < 0) return 0;
    }
    this.#form.bytes[0] = total;
    this.#formLength = end;
    return parentEnd;
  }

  /** For a key of too many parts, or too long for the input. */
  #digest(prefix: Key | undefined, key: Key): number {
    this.#input.bytes.set(wholeOf(prefix, key).digest(), LOCATED_BYTE);
    return AT_LOCATED;
  }

  #recall(key: Key): number {
    key.recall(this.#words, LOCATED_WORD);
    return AT_LOCATED;
  }
}

function partsOf(prefix: Key | undefined): readonly Part[] {
  return prefix === undefined ? NO_PARTS : prefix.parts;
}

function wholeOf(prefix: Key | undefined, key: Key): Key {
  return prefix === undefined ? key : prefix.appendKey(key);
}

/** The digest that the key of `prefix` and `key` starts from. */
function baseOf(prefix: Key | undefined, key: Key): Bytes32 | undefined {
  if (prefix === undefined) return key.base;
  if (key.base === undefined) return prefix.base;
  throw new InvalidKeyError('a key that starts from a digest cannot follow a prefix');
}
