import type { Batch, Key, MemDB, ReadBatch } from 'accumulate-memdb';
import { describe } from 'vitest';

/** Begins a batch of the kind under test. */
export type Begin = (db: MemDB, prefix?: Key | null, writable?: boolean) => Batch;

const VARIANTS: readonly (readonly [string, Begin])[] = [
  ['root', (db, prefix, writable) => db.begin(prefix, writable)],
  ['nested', (db, prefix, writable) => db.begin(null, true).begin(prefix, writable)],
  [
    'twice nested',
    (db, prefix, writable) => db.begin(null, true).begin(null, true).begin(prefix, writable),
  ],
];

/** Runs the same tests on a root batch and on nested ones, which must behave alike. */
export function describeBatches(tests: (begin: Begin, kind: string) => void) {
  describe.each(VARIANTS)('a %s batch', (kind, begin) => tests(begin, kind));
}

/** Puts and commits pairs in one batch. */
export function fill(db: MemDB, pairs: Iterable<readonly [Key, Uint8Array | string]>): void {
  const batch = db.begin(null, true);
  for (const [key, value] of pairs) batch.put(key, value);
  batch.commit();
}

/** Returns what an iteration shows: key text and value text, sorted. */
export function contents(batch: ReadBatch): string[] {
  return Array.from(batch.entries(), ([key, value]) => `${key}=${value}`).sort();
}
