import { types } from 'node:util';
import { Bytes32 } from './bytes32.js';
import { InvalidKeyError, MemDBError } from './errors.js';
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

/** An unsigned integer part, see `uint`. */
export class Uint {
  /** Of 64 bits; a bigint when it is not a safe integer. */
  readonly value: Integer;

  /** @throws InvalidKeyError when the value is not an unsigned integer of 64 bits. */
  constructor(value: Integer) {
    const integer = asUint64(value);
    if (integer === undefined) {
      throw new InvalidKeyError(`${show(value)} is not an unsigned integer of 64 bits`);
    }
    this.value = integer;
  }
}

/** A part of 32 bytes, see `hash`. */
export class Hash {
  /** @internal */
  readonly own: Bytes32;

  /** @throws InvalidKeyError when these are not 32 bytes, which are copied. */
  constructor(bytes: Uint8Array) {
    if (!isBytes(bytes) || bytes.length !== 32) {
      throw new InvalidKeyError(`${show(bytes)} is not a hash of 32 bytes`);
    }
    this.own = Bytes32.of(bytes);
  }

  /** 32 bytes, the caller's own. */
  get bytes(): Buffer {
    return this.own.toBuffer();
  }
}

/**
 * An unsigned integer part, from 0 to 2^64 - 1.
 * @throws InvalidKeyError
 */
export function uint(value: Integer): Uint {
  return new Uint(value);
}

/**
 * A hash part, of 32 bytes.
 * @throws InvalidKeyError
 */
export function hash(bytes: Uint8Array): Hash {
  return new Hash(bytes);
}

/** A part as a key holds it. A number or bigint is an int: a bigint when it is not a safe integer. */
export type Part = string | Integer | Uint8Array | Uint | Hash | Time | AccountUrl | TxId | null;

/** An object shaped like `AccumulateURL` of the package accumulate.js; taken to be immutable. */
export interface UrlLike {
  readonly authority: string;
  readonly path: string;
  toString(): string;
}

/** An object shaped like `AccumulateTxID` of the package accumulate.js. */
export interface TxIdLike {
  readonly account: UrlLike;
  readonly hash: Uint8Array;
}

/**
 * What `Key.of` takes. Strings; safe-integer numbers and bigints of 64 bits (ints); byte arrays;
 * dates (whole seconds); `uint(n)`, `hash(bytes)`, `AccountUrl`, `TxId` and their counterparts
 * of accumulate.js; and `null`, which is hashed as no bytes.
 */
export type PartLike = Part | Date | UrlLike | TxIdLike;

/**
 * The part that the value is, private to whoever asks: byte arrays are copied.
 * `index` is told in errors.
 * @throws InvalidKeyError when no key can hold the value.
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
    throw new InvalidKeyError(`part ${index}: ${show(value)} is not an integer of 64 bits`);
  }
  throw new InvalidKeyError(`part ${index}: ${show(value)} is of no type that a key can hold`);
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
  if (part instanceof Uint8Array) return Buffer.from(part).toString('hex');
  if (part instanceof Hash) return part.bytes.toString('hex');
  return String(part instanceof Uint ? part.value : part);
}

/** Whether the value is a part as it is; such objects do not change. */
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

/** Arrays of another realm (a vm context) are arrays too. */
function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || types.isUint8Array(value);
}

/** Reading a URL takes a hundred times as long as hashing its account id. */
const converted = new WeakMap<object, AccountUrl>();

function foreignPart(value: object, index: number): Part {
  try {
    if (types.isDate(value)) return Time.of(value);
    if (isUrlLike(value)) return toUrl(value);
    if (isTxIdLike(value)) return new TxId(toUrl(value.account), value.hash);
  } catch (cause) {
    if (!(cause instanceof MemDBError)) throw cause;
    throw new InvalidKeyError(`part ${index}: ${cause.message}`, { cause });
  }
  throw new InvalidKeyError(`part ${index}: ${show(value)} is of no type that a key can hold`);
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
