import { EncodingError, type Key } from '../../index.js';
import { type Destination, type Records, type WriteOptions, writeTo } from './destination.js';
import { MAX_MEMBER } from './jsonlist.js';
import { encodeKey } from './recordkey.js';

/**
 * Writes records as the JSON list that `readJsonRecords` reads, and returns how many there are. The records
 * are usually a batch. They are written as it sees them when this is called, in no particular order.
 * Memory holds one piece of the file.
 *
 * At a path, the file appears when it is complete. A stream is not ended.
 *
 * Throws `EncodingError` that names the record if its key has no JSON form, or if it is longer than
 * `readJsonRecords` reads. Also throws the error of the file or stream.
 * @example
 * ```ts
 * const batch = db.begin(null, false);
 * try {
 *   await writeJsonRecords(batch, 'state.json');
 * } finally {
 *   batch.discard();
 * }
 * ```
 */
export async function writeJsonRecords(
  records: Records,
  destination: Destination,
  options: WriteOptions = {},
): Promise<number> {
  return writeTo(destination, records, options, async (pairs, output) => {
    let count = 0;
    for (const [key, value] of pairs) {
      output.add(Buffer.from(`${count === 0 ? '[' : ','}\n${memberOf(key, value)}`));
      count++;
      if (output.isFull) await output.flush();
    }
    output.add(Buffer.from(count === 0 ? '[]\n' : '\n]\n'));
    await output.flush();
    return count;
  });
}

function memberOf(key: Key, value: Uint8Array): string {
  encodeKey(key);
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const member = `{"Key":${key.stringify()},"Value":"${bytes.toString('base64')}"}`;
  // Each character has one to three bytes. Most are base64, and have one.
  if (member.length > MAX_MEMBER / 3 && Buffer.byteLength(member) > MAX_MEMBER) {
    throw new EncodingError(`the record ${key}: longer than ${MAX_MEMBER} bytes in JSON`);
  }
  return member;
}
