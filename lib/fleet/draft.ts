import { type Batch, Key, type MemDB, type ReadBatch } from '../index.js';
import { type Compare, type RequestOp, Result, Target } from './etcd/messages.js';
import { encodeRecord, type Layout } from './layout.js';
import { type Position, positionOf } from './position.js';
import { digestText, Recording } from './recording.js';

/** What one run of an update's function wants to do to the cluster. */
export interface Changes {
  /** What must still be so, for the reads to be current. */
  readonly compare: readonly Compare[];
  readonly writes: readonly RequestOp[];
  /** How many of the writes put a record. */
  readonly puts: number;
}

/** One run of an update's function, on a snapshot of the local data. */
export class Draft {
  /** The snapshot, without the writes. */
  readonly #base: ReadBatch;
  readonly #root: Batch;
  readonly batch: Recording;
  readonly #layout: Layout;
  readonly #position: Position;
  /** The keys that were read, by their digests alone, once `changes` was called. */
  #read: readonly Key[] = [];

  constructor(db: MemDB, layout: Layout) {
    this.#layout = layout;
    // Only this thread commits to the data, so both batches see the same version.
    this.#base = db.begin();
    this.#root = db.begin(null, true, { optimistic: true });
    this.batch = new Recording(this.#root);
    this.#position = positionOf(this.#base) as Position;
  }

  /** Returns what the function wants. `most` is how many comparisons there may be. */
  changes(most: number): Changes {
    const writes = this.#writes();
    const puts = writes.filter((op) => op.request_put).length;
    const compare = writes.length > 0 ? this.#compare(most) : [];
    return { compare, writes, puts };
  }

  /**
   * Returns the keys that were read and have another value in `now`. It looks at all keys, because a digest does
   * not tell its key.
   */
  changed(now: ReadBatch): Key[] {
    const changed = new Map<string, Key>();
    for (const key of this.#read) {
      const [before, after] = [this.#base.tryGet(key), now.tryGet(key)];
      const same =
        before === undefined || after === undefined ? before === after : before.equals(after);
      if (!same) changed.set(digestText(key), key);
    }
    if (changed.size === 0) return [];
    for (const batch of [this.#base, now]) {
      for (const key of batch.keys()) {
        const digest = digestText(key);
        if (changed.has(digest)) changed.set(digest, key);
      }
    }
    return [...changed.values()];
  }

  discard(): void {
    this.batch.discard();
    this.#base.discard();
  }

  #writes(): RequestOp[] {
    const { batch } = this;
    return [...batch.written.values()].map((key) => {
      const value = batch.final(key);
      const record = this.#layout.record(key);
      if (value === undefined) return { request_delete_range: { key: record } };
      return { request_put: { key: record, value: encodeRecord(key, value) } };
    });
  }

  #compare(most: number): Compare[] {
    const { digests, scanned } = this.#root.readSet();
    this.#read = digests.map((digest) => Key.fromHash(digest));
    if (!scanned && digests.length <= most) {
      const compare = this.#read.flatMap((key) => this.#unchanged(key));
      if (compare.length <= most) return compare;
    }
    const { headRevision } = this.#position;
    return [
      {
        result: Result.Equal,
        target: Target.Mod,
        key: this.#layout.head,
        mod_revision: headRevision,
      },
    ];
  }

  /** A key that the snapshot has must not be written or deleted since; one that it lacks must be absent. */
  #unchanged(key: Key): Compare[] {
    const record = this.#layout.record(key);
    const version = { target: Target.Version, key: record, version: 0 };
    if (!this.#base.has(key)) return [{ ...version, result: Result.Equal }];
    // A deleted key has modification revision 0, so the first comparison alone would not notice.
    const next = this.#position.revision + 1;
    return [
      { result: Result.Less, target: Target.Mod, key: record, mod_revision: next },
      { ...version, result: Result.Greater },
    ];
  }
}
