import { open } from 'node:fs/promises';
import { EncodingError } from '../../index.js';
import type { FileChange, FileRecord, ReadOptions } from './filerecord.js';
import { readJsonChanges } from './jsonrecords.js';
import { readSnapshot } from './snapshot.js';

/**
 * Reads the records of a file, one after the other: a JSON list of records or a snapshot, as its first
 * byte says. Memory holds one record and, for a snapshot, its index. Throws `EncodingError` for a bad
 * file, and the operating system's error for one that cannot be read.
 */
export async function* readRecords(
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<FileRecord, void, undefined> {
  for await (const { key, value } of readChanges(path, options)) if (value) yield { key, value };
}

/** Reads what `readRecords` reads, and the deletions of a JSON list. @internal */
export async function* readChanges(
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<FileChange, void, undefined> {
  const file = await open(path);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) {
      throw new EncodingError(
        stat.isDirectory() ? 'it is a directory' : 'it is not a regular file',
      );
    }
    const { bytesRead, buffer } = await file.read(Buffer.alloc(1), 0, 1, 0);
    if (bytesRead === 0) throw new EncodingError('the file is empty');
    if (buffer[0] === 0) yield* readSnapshot(file, options);
    else yield* readJsonChanges(file.createReadStream({ start: 0, autoClose: false }));
  } finally {
    await file.close();
  }
}
