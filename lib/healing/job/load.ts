import type { Batch, MemDB } from '../../index.js';
import { readChanges } from '../files/records.js';

/** How many records a batch commits. */
const BATCH_SIZE = 1000;

/** What was loaded from a file. */
export interface Loaded {
  readonly records: number;
  /** A sentence for each thing in the file that was not read, or not checked. */
  readonly notes: string[];
}

/**
 * Puts the records of a file into the database, and calls `onRecords` with how many there are so far.
 * Throws what `readRecords` and a commit throw.
 */
export async function load(
  db: MemDB,
  path: string,
  onRecords: (count: number) => void,
): Promise<Loaded> {
  const notes: string[] = [];
  const onNote = (note: string) => notes.push(note);
  let records = 0;
  let batch: Batch = db.begin(null, true);
  try {
    for await (const { key, value } of readChanges(path, { onNote })) {
      if (!value) {
        // A list may delete a record that it had before. As in the original, the last word on a key counts.
        batch.delete(key);
        continue;
      }
      batch.put(key, value);
      records++;
      if (records % BATCH_SIZE !== 0) continue;
      batch.commit();
      batch = db.begin(null, true);
      onRecords(records);
    }
    batch.commit();
    return { records, notes };
  } finally {
    batch.discard();
  }
}
