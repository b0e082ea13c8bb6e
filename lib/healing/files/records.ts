import { open } from 'node:fs/promises';
import { EncodingError } from '../../index.js';
import { readBolt } from './bolt.js';
import { isBolt } from './boltmeta.js';
import type { FileChange, FileRecord, ReadOptions } from './filerecord.js';
import { readJsonChanges } from './jsonrecords.js';
import { readSnapshot } from './snapshot.js';
import { Window } from './window.js';

/**
 * Reads the records of a file, one after the other. Its first bytes say if it is a JSON list of
 * records, a snapshot or a Bolt file. Memory holds one record and, for a snapshot, its index. Throws
 * `EncodingError` for a bad file, and the operating system's error for one that cannot be read.
 * @example
 * ```ts
 * const { writeFileSync } = await import('node:fs');
 * writeFileSync('records.json', '[{"Key":[{"string":"k"}],"Value":"dg=="}]');
 *
 * const batch = db.begin(null, true);
 * for await (const { key, value } of readRecords('records.json', { onNote: console.warn })) {
 *   batch.put(key, value);
 * }
 * batch.commit();
 * db.view((b) => b.get(Key.of('k')).toString()); // 'v'
 * ```
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
    if (stat.size === 0) throw new EncodingError('the file is empty');
    const window = new Window(file);
    if (await isBolt(window, stat.size)) yield* readBolt(file, options);
    else if ((await window.read(0, 1))[0] === 0) yield* readSnapshot(file, options);
    else yield* readJsonChanges(file.createReadStream({ start: 0, autoClose: false }));
  } finally {
    await file.close();
  }
}
