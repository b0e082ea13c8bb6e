import { types } from 'node:util';
import { EncodingError } from '../../index.js';

/** A member of a JSON list: its text, its place in the list (from 0) and the byte at which it begins. */
export interface ListMember {
  readonly bytes: Uint8Array;
  readonly index: number;
  readonly at: number;
}

/** The longest member that is read, in bytes. */
export const MAX_MEMBER = 64 << 20;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Splits the text of a JSON list into its members, and does not parse them. Memory holds one member at
 * a time. Throws `EncodingError` that names the byte if the text is not a list, ends early, or has a
 * member of more than MAX_MEMBER bytes. Throws `TypeError` if a piece is not a Uint8Array.
 */
export async function* splitList(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<ListMember, void, undefined> {
  let place: 'before' | 'in' | 'after' = 'before';
  let index = 0;
  /** How many brackets are open in the member. */
  let depth = 0;
  let inString = false;
  let escaped = false;
  /** The parts of the member that earlier chunks had. */
  let parts: Uint8Array[] = [];
  let partsSize = 0;
  /** Where the chunk begins in the text. */
  let base = 0;

  for await (const chunk of source) {
    if (!types.isUint8Array(chunk)) throw new TypeError('a piece of a JSON list is a Uint8Array');
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
        continue;
      }
      if (place !== 'in') {
        if (isSpace(byte)) continue;
        if (place === 'after') throw bad('text after the end of the list', base + i);
        if (byte !== OPEN) throw bad('a JSON list is expected', base + i);
        place = 'in';
        start = i + 1;
        continue;
      }
      if (byte === QUOTE) inString = true;
      else if (byte === OPEN || byte === OPEN_OBJECT) depth++;
      else if (depth > 0) {
        if (byte === CLOSE || byte === CLOSE_OBJECT) depth--;
      } else if (byte === COMMA || byte === CLOSE) {
        parts.push(chunk.subarray(start, i));
        const at = base + start - partsSize;
        const member = trim(parts, index, at);
        parts = [];
        partsSize = 0;
        start = i + 1;
        if (byte === CLOSE) place = 'after';
        if (member.bytes.length > 0) yield member;
        else if (index > 0 || byte === COMMA) throw bad(`record ${index} is missing`, base + i);
        index++;
      } else if (byte === CLOSE_OBJECT) {
        throw bad(`record ${index}: a bracket that was not opened`, base + i);
      }
    }
    if (place === 'in') {
      parts.push(chunk.subarray(start));
      partsSize += chunk.length - start;
      if (partsSize > MAX_MEMBER) {
        throw bad(
          `record ${index} is longer than ${MAX_MEMBER} bytes`,
          base + chunk.length - partsSize,
        );
      }
    }
    base += chunk.length;
  }
  if (place === 'before') throw bad('a JSON list is expected', base);
  if (place === 'in') throw bad(`the list ends within record ${index}`, base);
}

/** Returns the member without the white space around it. */
function trim(parts: Uint8Array[], index: number, at: number): ListMember {
  const bytes = parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
  let start = 0;
  let end = bytes.length;
  while (start < end && isSpace(bytes[start] as number)) start++;
  while (end > start && isSpace(bytes[end - 1] as number)) end--;
  return { bytes: bytes.subarray(start, end), index, at: at + start };
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function bad(what: string, at: number): EncodingError {
  return new EncodingError(`${what}, at byte ${at}`);
}
