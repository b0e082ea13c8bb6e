import type { FileHandle } from 'node:fs/promises';
import { EncodingError, type Key } from '../../index.js';
import { Reader } from '../../record/reader.js';
import type { FileRecord, ReadOptions } from './filerecord.js';
import { decodeKey } from './recordkey.js';
import { checkPadding, noteOn, readSections, type Section, SectionType } from './sections.js';
import { checkHeader } from './snapshotheader.js';
import { SnapshotIndex } from './snapshotindex.js';
import { Window } from './window.js';

/** How many bytes a record's length takes. */
export const LENGTH_SIZE = 8;
/** The longest record that is read, in bytes. */
export const MAX_RECORD_SIZE = 1 << 30;

/** The fields of a record. */
export const Field = { Key: 1, Value: 2, Receipt: 3 } as const;

/**
 * Reads the records of an Accumulate snapshot, one at a time. Memory holds one record and the
 * index (40 bytes a record). Throws `EncodingError` that names the section or record and the byte if:
 *
 * - the version is not 2, or the header is damaged;
 * - the file is truncated, or has extra bytes;
 * - a record is damaged;
 * - there is an index, and it does not list exactly the records that the file has.
 *
 * It calls `onNote` before the first record for each section of a kind that it does not read, and if
 * there is no index.
 * @see readRecords
 */
export async function* readSnapshot(
  file: FileHandle,
  { onNote }: ReadOptions = {},
): AsyncGenerator<FileRecord, void, undefined> {
  const { size } = await file.stat();
  const window = new Window(file);
  const sections = await readSections(window, size);
  await checkHeader(window, sections[0] as Section);
  await checkPadding(window, sections, size);
  const index = await readIndex(window, sections);

  for (const section of sections) {
    const note = noteOn(section);
    if (note) onNote?.(note);
  }
  if (!index) onNote?.('the snapshot has no index: nothing was checked against an index');

  let count = 0;
  for (const section of sections) {
    if (section.type !== SectionType.Records) continue;
    for await (const { record, at, offset } of recordsOf(section, window, count)) {
      index?.check(record.key.digest(), section.number, offset, `record ${count}, at byte ${at}`);
      yield record;
      count++;
    }
  }
  if (index && count !== index.count) {
    throw new EncodingError(`the index lists ${index.count} records, the file has ${count}`);
  }
}

async function readIndex(
  window: Window,
  sections: readonly Section[],
): Promise<SnapshotIndex | undefined> {
  const [section, second] = sections.filter(({ type }) => type === SectionType.Index);
  if (second) throw new EncodingError(`section ${second.number} is a second index`);
  return section && SnapshotIndex.read(window, section);
}

/** A record, the byte at which it begins, and how far that is from the start of its section. */
interface Located {
  readonly record: FileRecord;
  readonly at: number;
  readonly offset: number;
}

/** Reads the records of a section. `first` is the number of the first one, for errors. */
async function* recordsOf(
  section: Section,
  window: Window,
  first: number,
): AsyncGenerator<Located, void, undefined> {
  const end = section.start + section.size;
  let number = first;
  for (let at = section.start; at < end; number++) {
    const what = `record ${number}, at byte ${at}`;
    const left = end - at - LENGTH_SIZE;
    const length = left < 0 ? 0n : (await window.read(at, LENGTH_SIZE)).readBigUInt64BE();
    if (left < 0 || length > left) {
      throw new EncodingError(`${what}: it is cut off by the end of section ${section.number}`);
    }
    if (length > MAX_RECORD_SIZE) {
      throw new EncodingError(`${what}: ${length} bytes, more than ${MAX_RECORD_SIZE}`);
    }
    const bytes = await window.read(at + LENGTH_SIZE, Number(length));
    yield { record: decode(bytes, what), at, offset: at - section.start };
    at += LENGTH_SIZE + Number(length);
  }
}

function decode(bytes: Buffer, what: string): FileRecord {
  const reader = new Reader(bytes, what);
  let key: Key | undefined;
  let value: Buffer | undefined;
  for (let last = 0; reader.remaining > 0; ) {
    const at = reader.position;
    const field = Number(reader.uvarint());
    if (field <= last) throw reader.error(`field ${field} after field ${last}`, at);
    last = field;
    const content = reader.bytes();
    if (field === Field.Key) key = decodeKey(content, what);
    else if (field === Field.Value) value = Buffer.from(content);
    else if (field !== Field.Receipt) throw reader.error(`unknown field ${field}`, at);
  }
  if (!key) throw reader.error('no key', 0);
  // Writers leave out an empty value.
  return { key, value: value ?? Buffer.alloc(0) };
}
