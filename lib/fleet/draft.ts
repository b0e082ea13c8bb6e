import type { Key, MemDB, ReadBatch } from '../index.js';
import { type Compare, type RequestOp, Result, Target } from './etcd/messages.js';
import { encodeRecord, type Layout } from './layout.js';
import { type Position, positionOf } from './position.js';
import { Recording } from './recording.js';

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
  readonly batch: Recording;
  readonly #layout: Layout;
  readonly #position: Position;

  constructor(db: MemDB, layout: Layout) {
    this.#layout = layout;
    // Only this thread commits to the data, so both batches see the same version.
    this.#base = db.begin();
    this.batch = new Recording(db.begin(null, true));
    this.#position = positionOf(this.#base) as Position;
  }

  /** Returns what the function wants. `most` is how many comparisons there may be. */
  changes(most: number): Changes {
    const writes = this.#writes();
    const puts = writes.filter((op) => op.request_put).length;
    return { compare: this.#compare(most), writes, puts };
  }

  /** Returns the keys that were read and have another value in `now`. */
  changed(now: ReadBatch): Key[] {
    return [...this.batch.reads.keys.values()].filter((key) => {
      const [before, after] = [this.#base.tryGet(key), now.tryGet(key)];
      return before === undefined || after === undefined ? before !== after : !before.equals(after);
    });
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
    const { keys, scanned } = this.batch.reads;
    if (!scanned && keys.size <= most) {
      const compare = [...keys.values()].flatMap((key) => this.#unchanged(key));
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
