import { Buffer } from 'node:buffer';
import { inspect } from 'node:util';
import { describe, KEY, type KeyDescription } from './brand.js';
import { Bytes32 } from './bytes32.js';
import { digestParts } from './digest.js';
import { decodeParts, encodeParts, isPrivateForm, parseStored } from './encoding.js';
import { EncodingError, InvalidKeyError } from './errors.js';
import { type JsonPart, parseParts, partsFromJson, partToJson, stringifyPart } from './json.js';
import { notKey } from './mistakes.js';
import { compareBases, compareLists } from './order.js';
import { copyPart, type Part, type PartLike, partText, toPart } from './part.js';
import { show } from './show.js';

/**
 * A key, or nothing: the same as the empty key.
 * @example
 * ```ts
 * const whole: KeyLike = null;
 * db.begin(whole, true).discard(); // no prefix
 * ```
 */
export type KeyLike = Key | null | undefined;

/** What only this module can pass to the constructor. */
const INSIDE = Symbol('Key');

/** Where words become bytes. */
const words = new Int32Array(8);
const bytes = new Uint8Array(words.buffer);

/**
 * The key of a record: an immutable list of typed parts. Its digest identifies the record. A key may
 * start from a digest (`Key.fromHash`), which is not one of its parts.
 * @example
 * ```ts
 * const account = Key.of('Account', AccountUrl.parse('alice.acme/tokens'));
 * const head = account.append('MainChain', 'Head');
 * head.toString(); // 'Account.acc://alice.acme/tokens.MainChain.Head'
 * head.slice(0, 2).equals(account); // true
 * Key.decode(head.encode()).equals(head); // true
 * ```
 */
export class Key {
  // Test libraries compare these three fields, and no other. `list` is the parts, or undefined until
  // somebody asks for them: then `stored` is the form of the store to read them from.
  /** @internal */
  list: readonly Part[] | undefined;
  /**
   * The 32 bytes that the parts' digest continues from, if it does not start from zeros.
   * @internal
   */
  readonly base: Bytes32 | undefined;
  /** @internal */
  stored: Uint8Array | undefined;

  /** Whether it was looked up before, by itself. @internal */
  accessor used = false;
  /** Whether it has its digest. It learns that at the second use: most keys are used once. @internal */
  accessor known = false;
  // The words of the digest, in the order of Bytes32. In another object they would cost one more
  // cache miss for each use of a reused key.
  #d0 = 0;
  #d1 = 0;
  #d2 = 0;
  #d3 = 0;
  #d4 = 0;
  #d5 = 0;
  #d6 = 0;
  #d7 = 0;

  private constructor(
    parts: readonly Part[] | undefined,
    base: Bytes32 | undefined,
    stored: Uint8Array | undefined,
    inside: typeof INSIDE,
  ) {
    if (inside !== INSIDE) throw new TypeError('use Key.of(...) to make a Key');
    this.list = parts;
    this.base = base;
    this.stored = stored;
  }

  /**
   * Returns the key of these parts.
   *
   * **One type for each position.** Two keys name the same record if they have the same digest, and a
   * digest does not see types. In the same position, these are one record:
   *
   * - `1`, `uint(2)` and `Buffer.from([2])`
   * - `33` and `'B'`
   * - `null` and `''`
   *
   * So decide on a type for each position of your keys, and write `uint` for indexes. `equals`,
   * `compare`, the binary form and JSON do see types.
   * @throws InvalidKeyError that says which part no key can hold.
   */
  static of(...parts: PartLike[]): Key {
    for (let i = 0; i < parts.length; i++) parts[i] = toPart(parts[i] as PartLike, i);
    return new Key(parts as Part[], undefined, undefined, INSIDE);
  }

  /**
   * Returns the empty key with that digest. Appended parts continue from it.
   * @throws InvalidKeyError if there are not 32 bytes.
   */
  static fromHash(digest: Uint8Array): Key {
    return new Key([], Bytes32.from(digest, 'Key.fromHash'), undefined, INSIDE);
  }

  /**
   * Reads JSON text. Integers keep every digit.
   * @throws EncodingError if the text is not that of a key.
   */
  static parse(jsonText: string): Key {
    return new Key(parseParts(jsonText), undefined, undefined, INSIDE);
  }

  /**
   * Reads a JSON value. Integers may also be decimal strings; `null` is the empty key.
   * @throws EncodingError if the value is not that of a key.
   */
  static fromJSON(value: unknown): Key {
    return new Key(partsFromJson(value), undefined, undefined, INSIDE);
  }

  /**
   * Reads a copy of the binary form, which takes all the bytes.
   * @throws EncodingError if they are not that of a key.
   */
  static decode(bytes: Uint8Array): Key {
    return new Key(decodeParts(bytes), undefined, undefined, INSIDE);
  }

  /**
   * Returns the key with that stored form (see `storedForm`). It keeps the bytes: they must not change.
   * @internal
   */
  static restore(stored: Uint8Array): Key {
    if (!isPrivateForm(stored)) return new Key(undefined, undefined, stored, INSIDE);
    const { parts, base } = parseStored(stored);
    return new Key(parts, base, undefined, INSIDE);
  }

  /** The parts themselves, which must not be changed. @internal */
  get parts(): readonly Part[] {
    if (this.list !== undefined) return this.list;
    this.list = parseStored(this.stored as Uint8Array).parts;
    this.stored = undefined;
    return this.list;
  }

  /** How many parts there are. */
  get length(): number {
    return this.parts.length;
  }

  /** Returns a part, counted from the end if `index` is negative, or undefined. Bytes are a copy. */
  at(index: number): Part | undefined {
    const part = this.parts.at(index);
    return part === undefined ? undefined : copyPart(part);
  }

  /**
   * Returns the key of a range of the parts, as `Array.prototype.slice` takes it. If the range begins
   * with the first part, the key starts from the digest that this key starts from.
   */
  slice(start: number, end?: number): Key {
    const base = start === 0 || -start >= this.length ? this.base : undefined;
    return new Key(this.parts.slice(start, end), base, undefined, INSIDE);
  }

  /**
   * Returns this key with more parts.
   * @throws InvalidKeyError that says which part no key can hold.
   */
  append(...parts: PartLike[]): Key {
    const whole: Part[] = this.parts.slice();
    for (const part of parts) whole.push(toPart(part, whole.length));
    return new Key(whole, this.base, undefined, INSIDE);
  }

  /**
   * Returns this key with the parts of another.
   * @throws InvalidKeyError if that key starts from a digest and this key is not empty.
   */
  appendKey(key: KeyLike): Key {
    const other = checkKey(key);
    if (other.#isEmpty()) return this;
    if (this.#isEmpty()) return other;
    if (other.base !== undefined) {
      const why = `starts from a digest and cannot follow ${show(this)}`;
      throw new InvalidKeyError(`${show(other)} ${why}`);
    }
    return new Key([...this.parts, ...other.parts], this.base, undefined, INSIDE);
  }

  /**
   * Returns what identifies the record: 32 bytes, the caller's own.
   * @throws InvalidKeyError if a part is a time or a transaction id, which cannot be hashed.
   */
  digest(): Buffer {
    if (!this.known) {
      digestParts(this.parts, this.base).write(words, 0);
      this.learn(words, 0);
    }
    this.recall(words, 0);
    return Buffer.from(bytes);
  }

  /** Takes the digest from the words of `source` from `at` on. @internal */
  learn(source: Int32Array, at: number): void {
    this.#d0 = source[at] as number;
    this.#d1 = source[at + 1] as number;
    this.#d2 = source[at + 2] as number;
    this.#d3 = source[at + 3] as number;
    this.#d4 = source[at + 4] as number;
    this.#d5 = source[at + 5] as number;
    this.#d6 = source[at + 6] as number;
    this.#d7 = source[at + 7] as number;
    this.known = true;
  }

  /** Writes the words of the digest, which must be known, to `target` from `at` on. @internal */
  recall(target: Int32Array, at: number): void {
    target[at] = this.#d0;
    target[at + 1] = this.#d1;
    target[at + 2] = this.#d2;
    target[at + 3] = this.#d3;
    target[at + 4] = this.#d4;
    target[at + 5] = this.#d5;
    target[at + 6] = this.#d6;
    target[at + 7] = this.#d7;
  }

  /**
   * Returns the binary form, the caller's own.
   * @throws EncodingError if the key starts from a digest or has a null part.
   */
  encode(): Buffer {
    return encodeParts(this.#partsFor('binary'));
  }

  /**
   * Returns a JSON value. Integers beyond 2^53 are decimal strings.
   * @throws EncodingError if the key starts from a digest or has a null part.
   */
  toJSON(): JsonPart[] {
    return this.#partsFor('JSON').map(partToJson);
  }

  /**
   * Returns JSON text. Integers have every digit.
   * @throws EncodingError if the key starts from a digest or has a null part.
   */
  stringify(): string {
    return `[${this.#partsFor('JSON').map(stringifyPart).join(',')}]`;
  }

  /** Whether both have the same parts, types included, and the same start. URLs ignore case. */
  equals(key: KeyLike): boolean {
    if (this === key) return true;
    const other = checkKey(key);
    return this.length === other.length && this.compare(other) === 0;
  }

  /**
   * Returns a negative number, 0 or a positive number if this key stands before, at or after the
   * other. Parts are ordered by type code, then by value; then the shorter key comes first. Keys that
   * start from a digest come last.
   */
  compare(key: KeyLike): number {
    const other = checkKey(key);
    return compareBases(this.base, other.base) || compareLists(this.parts, other.parts);
  }

  /** Returns text for people: the parts, joined by dots. Other keys may have the same text. */
  toString(): string {
    const texts = this.parts.map(partText);
    if (this.base !== undefined) texts.unshift(partText(this.base.toBuffer()));
    return texts.length === 0 ? '()' : texts.join('.');
  }

  /** What `console.log` shows. */
  [inspect.custom](): string {
    return `Key ${this}`;
  }

  /** Test libraries ask for it before they compare fields, and these need the parts. */
  get [Symbol.toStringTag](): string {
    void this.parts;
    return 'Key';
  }

  /** For other copies of the package. @internal */
  [KEY](): KeyDescription {
    return { base: this.base?.toBuffer(), parts: this.parts.map(copyPart) };
  }

  #isEmpty(): boolean {
    return this.length === 0 && this.base === undefined;
  }

  #partsFor(form: string): readonly Part[] {
    if (this.base === undefined) return this.parts;
    throw new EncodingError(`a key that starts from a digest has no ${form} form`);
  }
}

/** The empty key, which `null` and `undefined` stand for. */
export const EMPTY_KEY = Key.of();

/**
 * Returns the key that a caller passed, also one of another copy of the package. `what` is the place
 * that it was passed for: `a key`, `a prefix`.
 * @throws TypeError if it is not a key; the message says what to write.
 */
export function checkKey(key: KeyLike, what = 'a key'): Key {
  if (key instanceof Key) return key;
  if (key === null || key === undefined) return EMPTY_KEY;
  const described = describe(key, KEY) as KeyDescription | undefined;
  if (described === undefined) throw notKey(key, what);
  const { base, parts } = described;
  return (base === undefined ? EMPTY_KEY : Key.fromHash(base)).append(...(parts as PartLike[]));
}
