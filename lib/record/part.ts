import { Buffer } from 'node:buffer';
import { inspect, types } from 'node:util';
import { describe, PART, type PartDescription } from './brand.js';
import { isBytes } from './bytes.js';
import { Bytes32 } from './bytes32.js';
import { InvalidKeyError, MemDBError } from './errors.js';
import { notPart } from './mistakes.js';
import { show } from './show.js';
import { Time } from './time.js';
import { TxId } from './txid.js';
import { AccountUrl } from './url.js';
import { asInt64, asUint64, type Integer } from './varint.js';

/** The type codes of parts, in binary and for ordering. */
export const PartType = {
  /** Of `null`, which has no binary form. */
  Null: 0,
  Int: 1,
  Uint: 2,
  String: 4,
  Hash: 5,
  Bytes: 6,
  Url: 7,
  Time: 8,
  TxId: 14,
} as const;

export type PartType = (typeof PartType)[keyof typeof PartType];

/**
 * An unsigned integer part. Write `uint(value)`.
 * @example
 * ```ts
 * new Uint(7).value; // 7
 * Key.of('Element', uint(7)).equals(Key.of('Element', new Uint(7))); // true
 * ```
 */
export class Uint {
  /** Has 64 bits. It is a bigint if it is not a safe integer. */
  readonly value: Integer;

  /** @throws InvalidKeyError if the value is not an unsigned integer of 64 bits. */
  constructor(value: Integer) {
    const integer = asUint64(value);
    if (integer === undefined) {
      throw new InvalidKeyError(`${show(value)} is not an unsigned integer of 64 bits`);
    }
    this.value = integer;
  }

  toString(): string {
    return `${this.value}`;
  }

  /** What `console.log` shows. */
  [inspect.custom](): string {
    return `Uint ${this.value}`;
  }

  /** For other copies of the package. @internal */
  [PART](): PartDescription {
    return { type: 'uint', value: this.value };
  }
}

/**
 * A part of 32 bytes. Write `hash(bytes)`.
 * @example
 * ```ts
 * const part = hash(Buffer.alloc(32, 1));
 * Key.of('Transaction', part).at(1) === part; // true
 * ```
 */
export class Hash {
  /** @internal */
  readonly own: Bytes32;

  /**
   * Copies the bytes.
   * @throws InvalidKeyError if there are not 32.
   */
  constructor(bytes: Uint8Array) {
    this.own = Bytes32.from(bytes, 'hash');
  }

  /** 32 bytes, the caller's own. */
  get bytes(): Buffer {
    return this.own.toBuffer();
  }

  /** The bytes in hex. */
  toString(): string {
    return this.bytes.toString('hex');
  }

  /** What `console.log` shows. */
  [inspect.custom](): string {
    return `Hash ${this}`;
  }

  /** For other copies of the package. @internal */
  [PART](): PartDescription {
    return { type: 'hash', bytes: this.bytes };
  }
}

/**
 * An unsigned integer part, from 0 to 2^64 - 1.
 * @throws InvalidKeyError if the value is not one.
 * @example
 * ```ts
 * Key.of('Element', uint(7)).stringify(); // '[{"string":"Element"},{"uint":7}]'
 * uint(-1); // throws InvalidKeyError
 * ```
 */
export function uint(value: Integer): Uint {
  return new Uint(value);
}

/**
 * A hash part, of 32 bytes.
 * @throws InvalidKeyError if there are not 32.
 * @example
 * ```ts
 * Key.of(hash(Buffer.alloc(32))).length; // 1
 * hash(Buffer.alloc(31)); // throws InvalidKeyError
 * ```
 */
export function hash(bytes: Uint8Array): Hash {
  return new Hash(bytes);
}

/**
 * A part as a key holds it. A number or bigint is an int: a bigint if it is not a safe integer.
 * @example
 * ```ts
 * const part: Part | undefined = Key.of('Element', uint(7)).at(-1);
 * part instanceof Uint; // true
 * ```
 */
export type Part = string | Integer | Uint8Array | Uint | Hash | Time | AccountUrl | TxId | null;

/**
 * An object shaped like `AccumulateURL` of the package accumulate.js. It must not change.
 * @example
 * ```ts
 * // What accumulate.js calls `AccumulateURL` has this shape.
 * const like: UrlLike = { authority: 'alice.acme', path: '/tokens', toString: () => 'acc://alice.acme/tokens' };
 * Key.of(like).equals(Key.of(AccountUrl.parse('alice.acme/tokens'))); // true
 * ```
 */
export interface UrlLike {
  readonly authority: string;
  readonly path: string;
  toString(): string;
}

/**
 * An object shaped like `AccumulateTxID` of the package accumulate.js.
 * @example
 * ```ts
 * const account = { authority: 'alice.acme', path: '', toString: () => 'acc://alice.acme' };
 * const like: TxIdLike = { account, hash: Buffer.alloc(32) };
 * Key.of(like).at(0) instanceof TxId; // true
 * ```
 */
export interface TxIdLike {
  readonly account: UrlLike;
  readonly hash: Uint8Array;
}

/**
 * What `Key.of` takes:
 *
 * - strings, and byte arrays
 * - ints: safe-integer numbers, and bigints of 64 bits
 * - dates, which are cut to whole seconds
 * - `uint(n)`, `hash(bytes)`, `AccountUrl` and `TxId`
 * - URLs and transaction ids of accumulate.js
 * - `null`, which is hashed as no bytes
 * @example
 * ```ts
 * const parts: PartLike[] = ['Account', AccountUrl.parse('alice.acme'), uint(1), Buffer.from('x'), null];
 * Key.of(...parts).length; // 5
 * ```
 */
export type PartLike = Part | Date | UrlLike | TxIdLike;

/**
 * Returns the part that the value stands for. It belongs to the caller: byte arrays are copied.
 * Errors name `index`.
 * @throws InvalidKeyError if no key can hold the value.
 */
export function toPart(value: PartLike, index: number): Part {
  // One comparison after the other: a switch over `typeof` is compiled to a call.
  if (typeof value === 'string') {
    if (value.isWellFormed()) return value;
    throw new InvalidKeyError(`part ${index}: ${show(value)} has a lone surrogate`);
  }
  if (typeof value === 'object') {
    if (isHeld(value)) return value;
    if (isBytes(value)) return new Uint8Array(value);
    return foreignPart(value, index);
  }
  if (typeof value === 'number' || typeof value === 'bigint') {
    const integer = asInt64(value);
    if (integer !== undefined) return integer;
  }
  throw notPart(value, index);
}

/** A copy of the part that the caller may keep and change. */
export function copyPart(part: Part): Part {
  return part instanceof Uint8Array ? Buffer.from(part) : part;
}

/** The part's type code. */
export function partType(part: Part): PartType {
  if (typeof part === 'string') return PartType.String;
  if (typeof part === 'number' || typeof part === 'bigint') return PartType.Int;
  if (part === null) return PartType.Null;
  if (part instanceof Uint) return PartType.Uint;
  if (part instanceof Hash) return PartType.Hash;
  if (part instanceof Uint8Array) return PartType.Bytes;
  if (part instanceof AccountUrl) return PartType.Url;
  if (part instanceof Time) return PartType.Time;
  return PartType.TxId;
}

/** The part's text, as it stands between the dots of a key's. */
export function partText(part: Part): string {
  if (part === null) return '<nil>';
  return part instanceof Uint8Array ? Buffer.from(part).toString('hex') : `${part}`;
}

/** Whether the value is a part as it is. Such objects do not change. */
function isHeld(value: object | null): value is Uint | Hash | Time | AccountUrl | TxId | null {
  return (
    value === null ||
    value instanceof AccountUrl ||
    value instanceof Uint ||
    value instanceof Hash ||
    value instanceof Time ||
    value instanceof TxId
  );
}

/** To read a URL takes a hundred times as long as to hash its account id. */
const converted = new WeakMap<object, AccountUrl>();

function foreignPart(value: object, index: number): Part {
  try {
    if (types.isDate(value)) return Time.of(value);
    const described = describe(value, PART) as PartDescription | undefined;
    if (described !== undefined) return fromOtherCopy(described);
    if (isUrlLike(value)) return toUrl(value);
    if (isTxIdLike(value)) return new TxId(toUrl(value.account), value.hash);
  } catch (cause) {
    if (!(cause instanceof MemDBError)) throw cause;
    throw new InvalidKeyError(`part ${index}: ${cause.message}`, { cause });
  }
  throw notPart(value, index);
}

function fromOtherCopy(part: PartDescription): Part {
  switch (part.type) {
    case 'uint':
      return new Uint(part.value);
    case 'hash':
      return new Hash(part.bytes);
    case 'time':
      return new Time(part.seconds);
    case 'url':
      return AccountUrl.parse(part.text);
    case 'txid':
      return new TxId(AccountUrl.parse(part.account), part.hash);
    default:
      throw new InvalidKeyError(
        'another copy of the package made it, of a type unknown to this one',
      );
  }
}

function toUrl(like: UrlLike): AccountUrl {
  let url = converted.get(like);
  if (url === undefined) {
    url = AccountUrl.parse(like.toString());
    converted.set(like, url);
  }
  return url;
}

function isUrlLike(value: object): value is UrlLike {
  const { authority, path } = value as Partial<UrlLike>;
  return typeof authority === 'string' && typeof path === 'string';
}

function isTxIdLike(value: object): value is TxIdLike {
  const { account, hash: bytes } = value as Partial<TxIdLike>;
  return typeof account === 'object' && account !== null && isUrlLike(account) && isBytes(bytes);
}
