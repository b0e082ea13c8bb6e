import { inspect } from 'node:util';
import type { Bytes32 } from './bytes32.js';
import { digestParts } from './digest.js';
import { decodeParts, encodeParts, isPrivateForm, parseStored } from './encoding.js';
import { EncodingError, InvalidKeyError } from './errors.js';
import { type JsonPart, parseParts, partsFromJson, partToJson, stringifyPart } from './json.js';
import { compareParts } from './order.js';
import { copyPart, Hash, type Part, type PartLike, partText, toPart } from './part.js';

/** A key, or nothing: the same as the empty key. */
export type KeyLike = Key | null | undefined;

/** Where words become bytes. */
const words = new Int32Array(8);
const bytes = new Uint8Array(words.buffer);

/**
 * A record's key: a list of typed parts; immutable. What it identifies is its
 * digest. A key may start from a precomputed digest instead of nothing
 * (`Key.fromHash`), which is not one of its parts.
 */
export class Key {
  #parts: readonly Part[] | undefined;
  /** What `#parts` are read from when they are asked for. */
  #stored: Uint8Array | undefined;

  /**
   * The 32 bytes that the parts' digest continues from, when they are not zeros. Not to be changed.
   * @internal
   */
  readonly base: Bytes32 | undefined;

  /** Whether it was looked up before, by itself. @internal */
  used = false;
  /** Whether the digest is kept: from the second use on, for most keys are used once. @internal */
  known = false;
  // The digest's words, as a Bytes32 has them: in another object they would be one more miss of the
  // cache for each use of a kept key.
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
  ) {
    this.#parts = parts;
    this.base = base;
    this.#stored = stored;
  }

  /**
   * The key of these parts.
   * @throws InvalidKeyError that tells which part no key can hold.
   */
  static of(...parts: PartLike[]): Key {
    for (let i = 0; i < parts.length; i++) parts[i] = toPart(parts[i] as PartLike, i);
    return new Key(parts as Part[], undefined, undefined);
  }

  /**
   * The empty key of that digest, 32 bytes, which appended parts continue from.
   * @throws InvalidKeyError when these are not 32 bytes.
   */
  static fromHash(digest: Uint8Array): Key {
    return new Key([], new Hash(digest).own, undefined);
  }

  /**
   * Reads JSON text; integers keep every digit.
   * @throws EncodingError
   */
  static parse(jsonText: string): Key {
    if (typeof jsonText !== 'string') throw new TypeError('JSON text is a string');
    return new Key(parseParts(jsonText), undefined, undefined);
  }

  /**
   * Reads a JSON value, in which integers may also be decimal strings; `null` is the empty key.
   * @throws EncodingError
   */
  static fromJSON(value: unknown): Key {
    return new Key(partsFromJson(value), undefined, undefined);
  }

  /**
   * Reads the binary form, which takes all the bytes. They are copied.
   * @throws EncodingError
   */
  static decode(bytes: Uint8Array): Key {
    if (!(bytes instanceof Uint8Array)) throw new TypeError('a binary key is a Uint8Array');
    return new Key(decodeParts(bytes), undefined, undefined);
  }

  /**
   * The key of a stored form (see `storedForm`), which it keeps: that must not change any more.
   * @internal
   */
  static restore(stored: Uint8Array): Key {
    if (!isPrivateForm(stored)) return new Key(undefined, undefined, stored);
    const { parts, base } = parseStored(stored);
    return new Key(parts, base, undefined);
  }

  /** The parts themselves, which are not to be changed. @internal */
  get parts(): readonly Part[] {
    return this.#parts ?? this.#read();
  }

  #read(): readonly Part[] {
    const parts = parseStored(this.#stored as Uint8Array).parts;
    this.#parts = parts;
    this.#stored = undefined;
    return parts;
  }

  /** How many parts there are. */
  get length(): number {
    return this.parts.length;
  }

  /** Part `index`, from the end when negative; undefined when there is none. Bytes are a copy. */
  at(index: number): Part | undefined {
    const part = this.parts.at(index);
    return part === undefined ? undefined : copyPart(part);
  }

  /**
   * The key of a range of the parts, as `Array.prototype.slice` takes it. When it begins with the
   * first one, it starts from the digest that this key starts from.
   */
  slice(start: number, end?: number): Key {
    const base = start === 0 || -start >= this.length ? this.base : undefined;
    return new Key(this.parts.slice(start, end), base, undefined);
  }

  /**
   * This key with more parts.
   * @throws InvalidKeyError that tells which part no key can hold.
   */
  append(...parts: PartLike[]): Key {
    const whole: Part[] = this.parts.slice();
    for (const part of parts) whole.push(toPart(part, whole.length));
    return new Key(whole, this.base, undefined);
  }

  /**
   * This key with the parts of another.
   * @throws InvalidKeyError when that starts from a digest and this key is not empty.
   */
  appendKey(key: KeyLike): Key {
    if (!key || key.#isEmpty()) return this;
    if (this.#isEmpty()) return key;
    if (key.base !== undefined) {
      throw new InvalidKeyError(`${key} starts from a digest and cannot follow ${this}`);
    }
    return new Key([...this.parts, ...key.parts], this.base, undefined);
  }

  /**
   * The key's identity: 32 bytes, the caller's own.
   * @throws InvalidKeyError when a part is a time or a transaction id, which cannot be hashed.
   */
  digest(): Buffer {
    if (!this.known) {
      digestParts(this.parts, this.base).write(words, 0);
      this.learn(words, 0);
    }
    this.recall(words, 0);
    return Buffer.from(bytes);
  }

  /** Keeps the digest whose words are in `source` from `at` on. @internal */
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

  /** Writes the words of the digest, which is known, to `target` from `at` on. @internal */
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
   * The binary form, the caller's own.
   * @throws EncodingError when there is none: of a key that starts from a digest or has a null part.
   */
  encode(): Buffer {
    this.#refuseBase('binary');
    return encodeParts(this.parts);
  }

  /**
   * A JSON value; integers that are not safe ones are decimal strings.
   * @throws EncodingError when there is none.
   */
  toJSON(): JsonPart[] {
    this.#refuseBase('JSON');
    return this.parts.map(partToJson);
  }

  /**
   * JSON text; integers have every digit.
   * @throws EncodingError when there is none.
   */
  stringify(): string {
    this.#refuseBase('JSON');
    return `[${this.parts.map(stringifyPart).join(',')}]`;
  }

  /** Whether both have the same parts, types included, and start from the same digest; URLs ignore case. */
  equals(key: KeyLike): boolean {
    if (this === key) return true;
    const other = key ?? EMPTY;
    return this.length === other.length && this.compare(other) === 0;
  }

  /**
   * Negative, 0 or positive as this key stands before, at or after the other: part by part, by
   * type code and then by value; then the shorter key. Keys that start from a digest come last.
   */
  compare(key: KeyLike): number {
    const other = key ?? EMPTY;
    const bases = compareBases(this.base, other.base);
    if (bases !== 0) return bases;
    const [a, b] = [this.parts, other.parts];
    for (let i = 0; i < a.length && i < b.length; i++) {
      const order = compareParts(a[i] as Part, b[i] as Part);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }

  /** For people: the parts, joined by dots. Other keys may have the same text. */
  toString(): string {
    const texts = this.parts.map(partText);
    if (this.base !== undefined) texts.unshift(partText(this.base.toBuffer()));
    return texts.length === 0 ? '()' : texts.join('.');
  }

  /** What `console.log` shows. */
  [inspect.custom](): string {
    return `Key ${this}`;
  }

  #isEmpty(): boolean {
    return this.length === 0 && this.base === undefined;
  }

  #refuseBase(form: string): void {
    if (this.base !== undefined) {
      throw new EncodingError(`a key that starts from a digest has no ${form} form`);
    }
  }
}

const EMPTY = Key.of();

function compareBases(a: Bytes32 | undefined, b: Bytes32 | undefined): number {
  if (a !== undefined && b !== undefined) return a.compare(b);
  return Number(a !== undefined) - Number(b !== undefined);
}
