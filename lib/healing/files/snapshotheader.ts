import { EncodingError } from '../../index.js';
import { Reader } from '../../record/reader.js';
import { HASH_SIZE } from '../hash.js';
import type { Section } from './sections.js';
import type { Window } from './window.js';

/** The version of the format that can be read. */
const VERSION = 2;
/** How many bytes the header's length takes. */
const LENGTH_SIZE = 8;
/** A header has a few hundred bytes, so a larger one is damaged. */
const MAX_SIZE = 1 << 24;

/** The fields of the header, in the order in which they are written. */
const Field = { Version: 1, RootHash: 2, SystemLedger: 3 } as const;

/** Returns the contents of a header section. It has only the version, because records have no root hash. */
export function headerBytes(): Buffer {
  const bytes = Buffer.alloc(LENGTH_SIZE + 2);
  bytes.writeBigUInt64BE(2n);
  bytes.set([Field.Version, VERSION], LENGTH_SIZE);
  return bytes;
}

/**
 * Checks the header section of a snapshot. Throws `EncodingError` that names the version unless it is
 * 2, and `EncodingError` that names the byte if the section is anything but a header.
 */
export async function checkHeader(window: Window, section: Section): Promise<void> {
  const { number, start, size } = section;
  const what = `section ${number}, at byte ${start}: the snapshot's header`;
  if (size < LENGTH_SIZE || size > MAX_SIZE) throw new EncodingError(`${what} has ${size} bytes`);
  const bytes = await window.read(start, size);
  const length = bytes.readBigUInt64BE();
  const reader = new Reader(bytes.subarray(LENGTH_SIZE), what);
  if (length > reader.remaining) {
    throw new EncodingError(
      `${what} has ${reader.remaining} bytes, and says that it has ${length}`,
    );
  }
  // The version is read first, because what follows may be different in another version.
  const version = bytes[LENGTH_SIZE] === Field.Version ? readVersion(reader) : 0;
  if (version !== VERSION) {
    throw new EncodingError(
      `a snapshot of version ${version}; only version ${VERSION} can be read`,
    );
  }
  for (let last: number = Field.Version; reader.remaining > 0; ) {
    const at = reader.position;
    const field = Number(reader.uvarint());
    if (field <= last) throw reader.error(`field ${field} after field ${last}`, at);
    last = field;
    if (field === Field.RootHash) reader.take(HASH_SIZE);
    else if (field === Field.SystemLedger) reader.bytes();
    else throw reader.error(`unknown field ${field}`, at);
  }
  if (length < bytes.length - LENGTH_SIZE) {
    throw new EncodingError(`${what} says that it has ${length} bytes, which is too few`);
  }
}

function readVersion(reader: Reader): number | bigint {
  reader.take(1);
  return reader.uvarint();
}
