import { EncodingError, type Key } from '../../index.js';
import { writeUvarint } from '../../record/varint.js';
import { type Destination, type Records, type WriteOptions, writeTo } from './destination.js';
import type { Output } from './output.js';
import { encodeKey } from './recordkey.js';
import { SectionType, SectionWriter } from './sections.js';
import { Field, LENGTH_SIZE, MAX_RECORD_SIZE } from './snapshot.js';
import { headerBytes } from './snapshotheader.js';
import { IndexWriter } from './snapshotindex.js';

/** A section of records ends when it has this many bytes. Its size is written before it. */
const SECTION_SIZE = 1 << 22;

/**
 * Writes records as the snapshot that `readSnapshot` reads, of version 2 and with an index. Returns how many
 * records there are. They are usually a batch, and are written as it sees them when this is called, in
 * no particular order. Memory holds one section of 4 MB and the index (52 bytes a record).
 *
 * At a path, the file appears when it is complete. A stream is not ended.
 *
 * Throws `EncodingError` that names the record if its key has no binary form, or if it is longer than
 * `readSnapshot` reads. Also throws the error of the file or stream.
 * @example
 * ```ts
 * const batch = db.begin(null, false);
 * try {
 *   await writeSnapshot(batch, 'state.snap');
 * } finally {
 *   batch.discard();
 * }
 * ```
 */
export async function writeSnapshot(
  records: Records,
  destination: Destination,
  options: WriteOptions = {},
): Promise<number> {
  return writeTo(destination, records, options, async (pairs, output) => {
    const sections = new SectionWriter(output);
    const header = headerBytes();
    sections.add(SectionType.Header, [header], header.length);
    const { index, count } = await writeSections(pairs, sections, output);
    sections.add(SectionType.Index, index.sorted(), index.size, true);
    await output.flush();
    return count;
  });
}

async function writeSections(
  pairs: Records,
  sections: SectionWriter,
  output: Output,
): Promise<{ index: IndexWriter; count: number }> {
  const index = new IndexWriter();
  let count = 0;
  let parts: Uint8Array[] = [];
  let size = 0;
  const end = async () => {
    sections.add(SectionType.Records, parts, size);
    parts = [];
    size = 0;
    await output.flush();
  };
  for (const [key, value] of pairs) {
    index.add(sections.number, size, key.digest());
    const head = headOf(key, value);
    parts.push(head, value);
    size += head.length + value.length;
    count++;
    if (size >= SECTION_SIZE) await end();
  }
  if (size > 0) await end();
  return { index, count };
}

/** Returns what stands before the value: the record's length, its key, and the value's length. */
function headOf(key: Key, value: Uint8Array): Buffer {
  const encoded = encodeKey(key);
  // Two field numbers and two lengths, of 10 bytes at most.
  const head = Buffer.allocUnsafe(LENGTH_SIZE + encoded.length + 22);
  let at = LENGTH_SIZE;
  head[at++] = Field.Key;
  at = writeUvarint(encoded.length, head, at);
  at += encoded.copy(head, at);
  head[at++] = Field.Value;
  at = writeUvarint(value.length, head, at);
  const length = at - LENGTH_SIZE + value.length;
  if (length > MAX_RECORD_SIZE) {
    throw new EncodingError(`the record ${key}: ${length} bytes, more than ${MAX_RECORD_SIZE}`);
  }
  head.writeBigUInt64BE(BigInt(length));
  return head.subarray(0, at);
}
