import { Buffer } from 'node:buffer';
import { TextEncoder } from 'node:util';
import { isBytes } from './bytes.js';
import { Bytes32 } from './bytes32.js';
import { EncodingError } from './errors.js';
import { notHashable } from './mistakes.js';
import { Hash, type Part, PartType, partType, Uint } from './part.js';
import { Reader } from './reader.js';
import { show } from './show.js';
import { Target } from './target.js';
import { Time } from './time.js';
import { TxId } from './txid.js';
import { AccountUrl } from './url.js';
import { writeUvarint, writeVarint } from './varint.js';

/*
 * Every `write` function writes from `offset` on and returns the offset after what it wrote. If that
 * does not fit, it returns -1, and bytes from `offset` on may have changed. For short parts it
 * allocates nothing.
 */

const utf8 = new TextEncoder();
const NOTHING = new Uint8Array(0);

/**
 * Writes the bytes of the part that are hashed, after their varint length.
 * @throws InvalidKeyError if the part is a time or a transaction id, which cannot be hashed.
 */
export function writeHashInput(part: Part, target: Target, offset: number): number {
  const { bytes } = target;
  if (typeof part === 'string') return writeText(part, bytes, offset);
  if (part instanceof Uint) {
    return closeLength(bytes, offset, writeUvarint(part.value, bytes, offset + 1));
  }
  if (part instanceof AccountUrl || part instanceof Hash) {
    bytes[offset] = 32;
    return writeBytes32(part.own, target, offset + 1);
  }
  if (part instanceof Uint8Array) return writeBytes(part, bytes, offset);
  if (typeof part === 'number' || typeof part === 'bigint') {
    return closeLength(bytes, offset, writeVarint(part, bytes, offset + 1));
  }
  if (part === null) return writeUvarint(0, bytes, offset);
  throw notHashable(part);
}

/**
 * Writes the type code and binary value of a part that is to be stored. Returns -1 also if the binary
 * form would not be read back as that part: for `null`, and for a URL whose text loses escapes.
 * `storedForm` can write those.
 */
export function writeBinary(part: Part, target: Target, offset: number): number {
  return keepsBinary(part) ? writePart(part, target, offset) : -1;
}

/**
 * Returns what the store keeps of a key, in an array of its own. That is the binary form if it is read
 * back as the same key, else a private form. The private form begins with a count of zero in two
 * bytes, which no binary form does. A byte of 1 or 0 says whether the 32 bytes of a base follow. Then
 * come the parts: null with type code 0, and URLs with all their escapes.
 */
export function storedForm(parts: readonly Part[], base: Bytes32 | undefined): Uint8Array {
  if (base === undefined && parts.every(keepsBinary)) return encodeParts(parts);
  const head = new Uint8Array(base === undefined ? 3 : 35);
  head[0] = 0x80;
  if (base !== undefined) {
    head[2] = 1;
    head.set(base.toBuffer(), 3);
  }
  return collect((target) => {
    const start = writeRaw(head, target.bytes, 0);
    return start < 0 ? -1 : writeParts(writePrivately, parts, target, start);
  });
}

/**
 * Returns what engines compare stored keys with, to find those whose first parts these are. A key is stored in
 * one of two forms, so both are in it. First come four bytes with the length of the binary form, lowest first,
 * or -1 if there is no such form. Then come the parts in it, the head of a private form, and the parts in that.
 */
export function prefixForm(parts: readonly Part[], base: Bytes32 | undefined): Uint8Array {
  const hasBinary = base === undefined && parts.every(keepsBinary);
  const binary = hasBinary ? collect((target) => writeEach(writePart, parts, target, 0)) : NOTHING;
  const head = base === undefined ? Uint8Array.of(0) : Uint8Array.of(1, ...base.toBuffer());
  const inside = collect((target) => writeEach(writePrivately, parts, target, 0));
  const length = Buffer.alloc(4);
  length.writeInt32LE(hasBinary ? binary.length : -1);
  return Buffer.concat([length, binary, head, inside]);
}

/** Whether a stored form is the private one. */
export function isPrivateForm(stored: Uint8Array): boolean {
  return stored[0] === 0x80 && stored[1] === 0;
}

/** Reads what `storedForm` returned. */
export function parseStored(stored: Uint8Array): { parts: Part[]; base: Bytes32 | undefined } {
  const reader = new Reader(stored, 'stored key');
  const based = isPrivateForm(stored) && reader.take(3)[2] === 1;
  const base = based ? Bytes32.of(reader.take(32)) : undefined;
  return { parts: readParts(reader, isPrivateForm(stored)), base };
}

/**
 * Returns a key's binary form, the caller's own.
 * @throws EncodingError if a part is null, which has no binary form.
 */
export function encodeParts(parts: readonly Part[]): Buffer {
  const at = parts.indexOf(null);
  if (at >= 0) throw new EncodingError(`part ${at} is null, which has no binary form`);
  return collect((target) => writeParts(writePart, parts, target, 0));
}

/**
 * Reads the parts from a copy of a key's binary form.
 * @throws EncodingError if the bytes are not the binary form of a key.
 */
export function decodeParts(bytes: Uint8Array): Part[] {
  if (!isBytes(bytes)) throw new TypeError(`a binary key must be bytes, not ${show(bytes)}`);
  return readParts(new Reader(new Uint8Array(bytes), 'binary key'), false);
}

/** Whether the part's binary form is read back as that part. */
function keepsBinary(part: Part): boolean {
  return part !== null && (!(part instanceof AccountUrl) || part.readsBack());
}

function writeParts(
  write: typeof writePart,
  parts: readonly Part[],
  target: Target,
  offset: number,
): number {
  const start = writeUvarint(parts.length, target.bytes, offset);
  return start < 0 ? -1 : writeEach(write, parts, target, start);
}

function writeEach(
  write: typeof writePart,
  parts: readonly Part[],
  target: Target,
  offset: number,
): number {
  let at = offset;
  for (let i = 0; i < parts.length && at >= 0; i++) at = write(parts[i] as Part, target, at);
  return at;
}

/** Writes the type code, which is below 128 and so one byte, and the binary value. */
function writePart(part: Part, target: Target, offset: number): number {
  const { bytes } = target;
  bytes[offset] = partType(part);
  const at = offset + 1;
  if (typeof part === 'string') return writeText(part, bytes, at);
  if (part instanceof Uint) return writeUvarint(part.value, bytes, at);
  if (part instanceof AccountUrl) return writeText(part.toString(), bytes, at);
  if (part instanceof Hash) return writeBytes32(part.own, target, at);
  if (part instanceof Uint8Array) return writeBytes(part, bytes, at);
  if (typeof part === 'number' || typeof part === 'bigint') return writeVarint(part, bytes, at);
  if (part instanceof Time) return writeVarint(part.seconds, bytes, at);
  if (part !== null) return writeText(part.toString(), bytes, at);
  return at > bytes.length ? -1 : at;
}

function writePrivately(part: Part, target: Target, offset: number): number {
  if (!(part instanceof AccountUrl)) return writePart(part, target, offset);
  target.bytes[offset] = PartType.Url;
  return writeText(part.escaped(), target.bytes, offset + 1);
}

function readParts(reader: Reader, nulls: boolean): Part[] {
  const start = reader.position;
  const count = reader.uvarint();
  if (count > reader.remaining) {
    throw reader.error(`${count} parts in ${reader.remaining} bytes`, start);
  }
  const parts: Part[] = [];
  while (parts.length < count) parts.push(readPart(reader, nulls));
  reader.end();
  return parts;
}

function readPart(reader: Reader, nulls: boolean): Part {
  const start = reader.position;
  const type = reader.uvarint();
  switch (type) {
    case PartType.Int:
      return reader.varint();
    case PartType.Uint:
      return new Uint(reader.uvarint());
    case PartType.String:
      return reader.text();
    case PartType.Hash:
      return new Hash(reader.take(32));
    case PartType.Bytes:
      return new Uint8Array(reader.bytes());
    case PartType.Url:
      return reader.parse(AccountUrl.parse);
    case PartType.Time:
      return new Time(reader.varint());
    case PartType.TxId:
      return reader.parse(TxId.parse);
    default:
      if (nulls && type === PartType.Null) return null;
      throw reader.error(`unknown type code ${type}`, start);
  }
}

/** Writes a varint length, and the text in UTF-8. */
function writeText(text: string, target: Uint8Array, offset: number): number {
  const length = text.length;
  if (length >= 0x80 || offset + length >= target.length)
    return writeLongText(text, target, offset);
  for (let i = 0, at = offset + 1; i < length; i++, at++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return writeLongText(text, target, offset);
    target[at] = unit;
  }
  target[offset] = length;
  return offset + 1 + length;
}

function writeLongText(text: string, target: Uint8Array, offset: number): number {
  const length = Buffer.byteLength(text);
  const at = writeUvarint(length, target, offset);
  if (at < 0 || at + length > target.length) return -1;
  utf8.encodeInto(text, target.subarray(at, at + length));
  return at + length;
}

/** Writes a varint length, and the bytes. */
function writeBytes(bytes: Uint8Array, target: Uint8Array, offset: number): number {
  const at = writeUvarint(bytes.length, target, offset);
  return at < 0 ? -1 : writeRaw(bytes, target, at);
}

function writeRaw(bytes: Uint8Array, target: Uint8Array, offset: number): number {
  const length = bytes.length;
  if (offset + length > target.length) return -1;
  // For a few bytes the loop is faster than the call.
  if (length > 16) target.set(bytes, offset);
  else for (let i = 0; i < length; i++) target[offset + i] = bytes[i] as number;
  return offset + length;
}

function writeBytes32(bytes: Bytes32, target: Target, offset: number): number {
  if (offset + 32 > target.bytes.length) return -1;
  bytes.writeBytes(target.view, offset);
  return offset + 32;
}

/** Puts the length of a varint written up to `end` into the byte before it. */
function closeLength(target: Uint8Array, offset: number, end: number): number {
  target[offset] = end - offset - 1;
  return end;
}

const scratch = new Target(new Uint8Array(1024));

/** Returns a copy of what `write` writes to a target that is large enough. */
function collect(write: (target: Target) => number): Buffer {
  let target = scratch;
  let length = write(target);
  while (length < 0) {
    target = target.larger();
    length = write(target);
  }
  return Buffer.from(target.bytes.subarray(0, length));
}
