import { Buffer } from 'node:buffer';
import { EncodingError } from './errors.js';
import { Hash, type Part, partText, Uint } from './part.js';
import { show } from './show.js';
import { Time } from './time.js';
import { TxId } from './txid.js';
import { AccountUrl } from './url.js';
import { asInt64, asUint64, type Integer } from './varint.js';

/** An integer in JSON: a string of decimal digits if a double could not hold it. */
export type JsonInteger = number | string;

/**
 * A part of a key in JSON: one member, the part's type.
 * @example
 * ```ts
 * const parts: JsonPart[] = Key.of('Element', uint(7)).toJSON();
 * parts.length; // 2
 * ```
 */
export type JsonPart =
  | { int: JsonInteger }
  | { uint: JsonInteger }
  | { string: string }
  | { hash: string }
  | { bytes: string }
  | { url: string }
  | { time: string }
  | { txid: string };

/**
 * Returns a part as a JSON value.
 * @throws EncodingError if the part is null, which has no JSON form.
 */
export function partToJson(part: Part): JsonPart {
  if (typeof part === 'string') return { string: part };
  if (typeof part === 'number' || typeof part === 'bigint') return { int: jsonInteger(part) };
  if (part === null) throw new EncodingError('a null part has no JSON form');
  if (part instanceof Uint) return { uint: jsonInteger(part.value) };
  if (part instanceof Hash) return { hash: partText(part) };
  if (part instanceof Uint8Array) return { bytes: partText(part) };
  if (part instanceof AccountUrl) return { url: part.toString() };
  if (part instanceof Time) return { time: part.toJSON() };
  return { txid: part.toString() };
}

/**
 * Returns a part as JSON text. Integers have every digit.
 * @throws EncodingError if the part is null, which has no JSON form.
 */
export function stringifyPart(part: Part): string {
  if (typeof part === 'bigint') return `{"int":${part}}`;
  if (part instanceof Uint) return `{"uint":${part.value}}`;
  return JSON.stringify(partToJson(part));
}

/**
 * Reads the parts of a JSON value.
 * @throws EncodingError that says which part is bad, and why.
 */
export function partsFromJson(value: unknown): Part[] {
  if (value === null) return [];
  if (!Array.isArray(value)) throw new EncodingError('JSON key: it is not an array');
  return value.map(partFromJson);
}

/**
 * Reads the parts of a JSON text. Integers keep every digit.
 * @throws EncodingError that says which part is bad, and why.
 */
export function parseParts(text: string): Part[] {
  if (typeof text !== 'string')
    throw new TypeError(`JSON text must be a string, not ${show(text)}`);
  return partsFromJson(parseKeepingDigits(text));
}

function partFromJson(value: unknown, index: number): Part {
  try {
    return readMember(value);
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    throw new EncodingError(`JSON key, part ${index}: ${error.message}`, { cause: error });
  }
}

function readMember(value: unknown): Part {
  const members = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const [member] = members;
  if (member === undefined || members.length > 1 || Array.isArray(value)) {
    throw new EncodingError('it is not an object of one member');
  }
  const [type, content] = member;
  switch (type) {
    case 'int':
      return readInteger(content, asInt64, 'an integer of 64 bits');
    case 'uint':
      return new Uint(readInteger(content, asUint64, 'an unsigned integer of 64 bits'));
    case 'string':
      return readString(content);
    case 'hash':
      return new Hash(readHex(content, 32));
    case 'bytes':
      return readHex(content);
    case 'url':
      return AccountUrl.parse(readString(content));
    case 'time':
      return Time.parse(readString(content));
    case 'txid':
      return TxId.parse(readString(content));
    default:
      throw new EncodingError(`unknown type ${show(type)}`);
  }
}

function readString(value: unknown): string {
  if (typeof value !== 'string') throw new EncodingError('the value is not a string');
  if (!value.isWellFormed()) throw new EncodingError('the string has a lone surrogate');
  return value;
}

function readHex(value: unknown, length?: number): Uint8Array {
  const text = readString(value);
  if (text.length % 2 !== 0 || /[^0-9a-f]/i.test(text)) throw new EncodingError('bad hex');
  if (length !== undefined && text.length !== 2 * length) {
    throw new EncodingError(`${text.length / 2} bytes instead of ${length}`);
  }
  return new Uint8Array(Buffer.from(text, 'hex'));
}

const DECIMAL = /^-?(?:0|[1-9]\d{0,19})$/;

function readInteger(
  value: unknown,
  convert: (value: unknown) => Integer | undefined,
  what: string,
): Integer {
  const digits = typeof value === 'string' && DECIMAL.test(value);
  const integer = convert(digits ? BigInt(value) : value);
  if (integer === undefined) throw new EncodingError(`the value is not ${what}`);
  return integer;
}

/** In valid JSON this matches members of parts alone, because quotes inside of strings are escaped. */
const INTEGER_MEMBER = /("u?int"\s*:\s*)(-?\d[\d.eE+-]*)/g;

/** Reads JSON. Returns the integers of parts as strings, because JSON.parse would round them. */
function parseKeepingDigits(text: string): unknown {
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new EncodingError(`JSON key: ${(cause as Error).message}`, { cause });
  }
  return JSON.parse(text.replace(INTEGER_MEMBER, '$1"$2"'));
}

function jsonInteger(value: Integer): JsonInteger {
  return typeof value === 'bigint' ? `${value}` : value;
}
