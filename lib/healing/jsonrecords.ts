import { EncodingError, Key } from '../index.js';
import { type ListMember, splitList } from './jsonlist.js';
import type { FileRecord } from './records.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads the records of a JSON list of `{"Key": [...], "Value": "<base64>"}`, one at a time. Throws
 * `EncodingError` that names the record and the byte where it begins.
 */
export async function* readJsonRecords(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<FileRecord, void, undefined> {
  for await (const member of splitList(source)) yield parse(member);
}

function parse({ bytes, index, at }: ListMember): FileRecord {
  try {
    const text = utf8.decode(bytes);
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new EncodingError('not an object');
    }
    const members = memberTexts(text);
    for (const name of members.keys()) {
      if (name !== 'Key' && name !== 'Value') {
        throw new EncodingError(`unknown member ${JSON.stringify(name)}`);
      }
    }
    // From its text: a number of a parsed value has lost the digits beyond 2^53.
    const keyText = members.get('Key');
    if (keyText === undefined) throw new EncodingError('no Key');
    const key = Key.parse(keyText);
    // Throws for a key that cannot be hashed, which no store can hold.
    key.digest();
    return { key, value: base64((value as { Value?: unknown }).Value) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EncodingError(`record ${index}, at byte ${at}: ${reason}`, { cause });
  }
}

function base64(text: unknown): Buffer {
  // How the originals write a value of no bytes.
  if (text === null) return Buffer.alloc(0);
  if (typeof text !== 'string') throw new EncodingError('Value is no base64 text');
  const bytes = Buffer.from(text, 'base64');
  // Buffer.from skips what is no base64.
  if (bytes.toString('base64') !== text) throw new EncodingError('Value is not base64');
  return bytes;
}

/** The members of the JSON object `text`, which is known to parse, each as the text of its value. */
function memberTexts(text: string): Map<string, string> {
  const members = new Map<string, string>();
  let at = skipSpace(text, 1);
  while (text[at] === '"') {
    const nameEnd = skipString(text, at);
    const name = JSON.parse(text.slice(at, nameEnd)) as string;
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const end = skipValue(text, start);
    if (members.has(name)) throw new EncodingError(`a second ${JSON.stringify(name)}`);
    members.set(name, text.slice(start, end).trimEnd());
    at = skipSpace(text, end + 1);
  }
  return members;
}

/** The offset after the string that begins at `at`. */
function skipString(text: string, at: number): number {
  let end = at + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end + 1;
}

/** The offset of the comma or bracket that ends the value at `at`. */
function skipValue(text: string, at: number): number {
  let depth = 0;
  for (let i = at; ; ) {
    const char = text[i];
    if (char === '"') {
      i = skipString(text, i);
      continue;
    }
    if (depth === 0 && (char === ',' || char === '}')) return i;
    if (char === '[' || char === '{') depth++;
    else if (char === ']' || char === '}') depth--;
    i++;
  }
}

function skipSpace(text: string, at: number): number {
  let end = at;
  while (text[end] === ' ' || text[end] === '\n' || text[end] === '\r' || text[end] === '\t') end++;
  return end;
}
