import type { Batch } from 'accumulate-memdb';
import type { Key, MemDB } from '../harness/package.js';

/** Opens so many batches, each on a version of its own of one key; fewer if it takes `limit` ms. */
export function hold(
  db: MemDB,
  key: Key,
  value: Uint8Array,
  count: number,
  limit: number,
): Batch[] {
  const held: Batch[] = [];
  const end = performance.now() + limit;
  while (held.length < count && performance.now() < end) {
    db.update((batch) => batch.put(key, value));
    held.push(db.begin());
  }
  return held;
}
