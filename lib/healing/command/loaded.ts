import { type EngineChoice, MemDB } from '../../index.js';
import { load } from '../job/load.js';
import { StatusLine } from '../job/status.js';
import { about } from './terminal.js';

/**
 * Calls `work` with a database that has the records of a file, and with the notes of its reader. A terminal
 * shows how many records there are so far.
 */
export async function withRecords<T>(
  file: string,
  engine: EngineChoice,
  work: (db: MemDB, notes: readonly string[]) => Promise<T>,
): Promise<T> {
  const db = new MemDB({ engine });
  const status = new StatusLine(process.stderr);
  try {
    const loading = about(file, () => load(db, file, (count) => status.show(`${count} records`)));
    const { notes } = await loading.finally(() => status.clear());
    return await work(db, notes);
  } finally {
    db.close();
  }
}
