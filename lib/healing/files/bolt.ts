import type { FileHandle } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { EncodingError, Key } from '../../index.js';
import { show } from '../../record/show.js';
import { BoltFile } from './boltfile.js';
import { readMeta } from './boltmeta.js';
import type { Leaf } from './boltpage.js';
import type { FileRecord, ReadOptions } from './filerecord.js';
import { decodeKey } from './recordkey.js';
import { Window } from './window.js';

const DIGEST_SIZE = 32;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads the records of a Bolt file, one at a time, in the order of its buckets and keys. The bucket `a` has
 * the record `a.rest` under the binary form of `rest`. Memory holds one record and the pages on the way
 * to it. It also holds a bit for each page of the file.
 *
 * Throws `EncodingError` that names the page if:
 *
 * - the meta page of the last commit is damaged, or neither meta page is valid;
 * - the file is truncated;
 * - a page or an element of a page is damaged;
 * - the keys are digests, which a store with compressed keys writes.
 *
 * A change inside a value is not noticed, because Bolt has no checksum of it. It calls `onNote` if the
 * meta page of the commit before is damaged. It also calls it for buckets within a bucket. A store writes
 * none, and they are not read.
 * @see readRecords
 */
export async function* readBolt(
  file: FileHandle,
  { onNote }: ReadOptions = {},
): AsyncGenerator<FileRecord, void, undefined> {
  const { size } = await file.stat();
  const tree = new BoltFile(file, await readMeta(new Window(file), size, onNote));
  await tree.readFreeList();
  let count = 0;
  for await (const bucket of tree.buckets()) {
    const first = firstPart(bucket);
    let nested = 0;
    for await (const { key, value, isBucket, what } of tree.elements(bucket)) {
      if (isBucket) {
        nested++;
        continue;
      }
      yield { key: wholeKey(first, key, what, count), value: Buffer.from(value) };
      count++;
    }
    if (nested > 0)
      onNote?.(`bucket ${show(first)} was not read whole: it has ${nested} more in it`);
  }
}

/** Returns the first part of the keys of a bucket's records. */
function firstPart({ key, isBucket, what }: Leaf): string {
  if (!isBucket) throw new EncodingError(`${what}: a record outside of a bucket`);
  try {
    return utf8.decode(key);
  } catch (cause) {
    throw new EncodingError(`${what}: the name of the bucket is not UTF-8`, { cause });
  }
}

/** Returns the key of a record. `count` is how many records came before it. */
function wholeKey(first: string, rest: Buffer, what: string, count: number): Key {
  try {
    return Key.of(first).appendKey(decodeKey(rest, what));
  } catch (error) {
    // A file has one kind of keys.
    if (count > 0 || rest.length !== DIGEST_SIZE) throw error;
    throw new EncodingError(
      `${what}: the file has digests of keys, from which the keys cannot be recovered; ` +
        'write it again with plain keys',
      { cause: error },
    );
  }
}
