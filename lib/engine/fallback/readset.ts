import { DELETED, Entry, type Ref } from './layout.js';
import { type Pending, Record } from './pending.js';
import type { Store } from './store.js';

/** A key that has changed: the entry that has its stored form, or 0; and where its digest is. */
export interface Changed {
  readonly entry: Ref;
  readonly digest: Int32Array;
}

/**
 * What an optimistic batch read of the store: the keys that it looked up, absent ones too, and whether it
 * iterated. The batches nested in it add to the same set.
 */
export class ReadSet {
  scanned = false;
  /** A set: all its records are deletions. */
  readonly keys: Pending;

  /** `keys` must be empty. */
  constructor(keys: Pending) {
    this.keys = keys;
  }

  /** Adds the key whose digest is the eight words at `at`. */
  add(tag: number, digest: Int32Array, at: number): void {
    try {
      this.keys.delete(tag, digest, at);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // Without memory the batch counts as one that iterated: then any commit is a conflict.
      this.scanned = true;
    }
  }

  /**
   * Compares the newest version of each key with the one that a pin of `version` sees. Returns undefined if no
   * commit has changed anything, else at most `most` of the keys that have changed. Under the mutex.
   */
  changedSince(store: Store, version: number, most: number): Changed[] | undefined {
    const { memory, table } = store;
    if (memory.published === version) return undefined;
    const { records, count } = this.keys;
    const changed: Changed[] = [];
    for (let record = 0; record < count * Record.Words; record += Record.Words) {
      const digest = record + Record.Digest;
      const newest = table.find(records[record + Record.Tag] as number, records, digest);
      if (newest === 0 || memory.number(newest + Entry.Version) <= version) continue;
      changed.push({ entry: withKey(store, newest), digest: records.slice(digest, digest + 8) });
      if (changed.length === most) return changed;
    }
    return changed.length > 0 || this.scanned ? changed : undefined;
  }

  /** Copies digests, from that of the key at index `from` on, as many as have room. Returns how many. */
  copy(from: number, target: Int32Array): number {
    const { records, count } = this.keys;
    const copied = Math.max(0, Math.min(count - from, target.length >> 3));
    for (let n = 0; n < copied; n++) {
      const digest = (from + n) * Record.Words + Record.Digest;
      target.set(records.subarray(digest, digest + 8), n * 8);
    }
    return copied;
  }
}

/** The newest of the versions of a key that is no deletion, which has no key; or 0. */
function withKey({ memory }: Store, newest: Ref): Ref {
  let entry = newest;
  while (entry !== 0 && memory.word(entry + Entry.ValueLength) === DELETED) {
    entry = memory.word(entry + Entry.Older);
  }
  return entry;
}
