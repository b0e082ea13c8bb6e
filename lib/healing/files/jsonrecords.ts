import { TextDecoder } from 'node:util';
import { EncodingError, Key } from '../../index.js';
import type { FileChange, FileRecord } from './filerecord.js';
import { type ListMember, splitList } from './jsonlist.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The members of a record, by the names that the original gives them. */
const MEMBERS = ['Key', 'Value', 'Delete'] as const;

/**
 * Reads the records of a JSON list of `{"Key": [...], "Value": "<base64>"}`, one at a time. It leaves
 * out a record with `"Delete": true`, which says that there is no such record.
 *
 * The names of members can be in any case, as for the original's decoder. That decoder ignores unknown
 * members, and takes the last of two with one name. This reader refuses both, because they may change
 * what the record means, as `Delete` does.
 *
 * Throws `EncodingError` that names the record and the byte where it begins.
 * @example
 * ```ts
 * const list = Buffer.from('[{"Key":[{"string":"k"}],"Value":"dg=="}]');
 * for await (const { key, value } of readJsonRecords([list])) {
 *   console.log(`${key}: ${value}`);
 * }
 * ```
 */
export async function* readJsonRecords(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<FileRecord, void, undefined> {
  for await (const { key, value } of readJsonChanges(source)) if (value) yield { key, value };
}

/** Reads what `readJsonRecords` reads, and the deletions. @internal */
export async function* readJsonChanges(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<FileChange, void, undefined> {
  for await (const member of splitList(source)) yield parse(member);
}

function parse({ bytes, index, at }: ListMember): FileChange {
  try {
    const text = utf8.decode(bytes);
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new EncodingError('not an object');
    }
    const members = memberTexts(text);
    const member = (name: string) => (value as Record<string, unknown>)[name];
    const { Key: keyMember, Value: valueMember, Delete: deleteMember } = members;
    // The key is read from its text, because a parsed number has lost the digits beyond 2^53.
    if (!keyMember) throw new EncodingError('no Key');
    const key = Key.parse(keyMember.text);
    // Throws for a key that cannot be hashed, which no store can hold.
    key.digest();
    // The original's decoder takes null as false.
    const deleted = (deleteMember && member(deleteMember.name)) ?? false;
    if (typeof deleted !== 'boolean') throw new EncodingError('Delete is not a boolean');
    if (deleted && !valueMember) return { key, value: undefined };
    const content = base64(valueMember && member(valueMember.name));
    return { key, value: deleted ? undefined : content };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EncodingError(`record ${index}, at byte ${at}: ${reason}`, { cause });
  }
}

function base64(text: unknown): Buffer {
  // The original writes null for an empty value.
  if (text === null) return Buffer.alloc(0);
  if (typeof text !== 'string') throw new EncodingError('Value is not base64 text');
  const bytes = Buffer.from(text, 'base64');
  // Buffer.from skips characters that are not base64.
  if (bytes.toString('base64') !== text) throw new EncodingError('Value is not base64');
  return bytes;
}

/** A member of an object: its name as written, and the text of its value. */
interface Member {
  readonly name: string;
  readonly text: string;
}

type Members = Partial<Record<(typeof MEMBERS)[number], Member>>;

/** Returns the members of a record's text, which is known to parse. */
function memberTexts(text: string): Members {
  const members: Members = {};
  let at = skipSpace(text, 1);
  while (text[at] === '"') {
    const nameEnd = skipString(text, at);
    const name = JSON.parse(text.slice(at, nameEnd)) as string;
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const end = skipValue(text, start);
    // The original compares by Unicode's simple folding. For these three names, this is the same.
    const member = MEMBERS.find((known) => known.toLowerCase() === name.toLowerCase());
    if (!member) throw new EncodingError(`unknown member ${shown(name)}`);
    if (members[member]) throw new EncodingError(`a second ${shown(member)}`);
    members[member] = { name, text: text.slice(start, end).trimEnd() };
    at = skipSpace(text, end + 1);
  }
  return members;
}

/** Returns the text for a message: quoted, and cut at 100 characters. */
function shown(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}...` : text);
}

/** Returns the offset after the string that begins at `at`. */
function skipString(text: string, at: number): number {
  let end = at + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end + 1;
}

/** Returns the offset of the comma or bracket that ends the value at `at`. */
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
