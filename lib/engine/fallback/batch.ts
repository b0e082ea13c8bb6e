import type { KeyFilter } from './keyfilter.js';
import { DELETED, Entry } from './layout.js';
import { byteOf } from './memory.js';
import { Pending, Record } from './pending.js';
import type { Snapshot } from './pins.js';
import { ReadSet } from './readset.js';
import type { Store } from './store.js';

/** Where a value is that was looked up. */
export class Found {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  length = 0;
}

/** Emptied writes and reads of batches that are closed, for the next ones. */
const spares: Pending[] = [];
const MOST_SPARES = 4;

function emptyPending(): Pending {
  return spares.pop() ?? new Pending();
}

function spare(pending: Pending): void {
  if (spares.length < MOST_SPARES && pending.clear()) spares.push(pending);
}

/**
 * An open batch: what waits to be written, on top of its parent or of a version
 * that it pins. It does not check whether it is writable.
 */
export class Batch {
  readonly id: number;
  readonly store: Store;
  /** The attachment that it was begun in. */
  readonly database: number;
  readonly parent: Batch | undefined;
  readonly writable: boolean;
  /** What the root of this batch pins. */
  readonly snapshot: Snapshot;
  /** What the batches of its root have read, if that is optimistic. */
  readonly reads: ReadSet | undefined;
  /** The writes of the batch, when there are any. */
  writes: Pending | undefined;
  private readonly open: Map<number, Batch>;
  /** The open batches nested in it. */
  private children: Set<Batch> | undefined;

  /** A root batch takes over the pin, a nested one has that of its parent. `open` has the open batches by id. */
  constructor(
    open: Map<number, Batch>,
    id: number,
    store: Store,
    database: number,
    parent: Batch | undefined,
    writable: boolean,
    snapshot: Snapshot,
  ) {
    this.open = open;
    this.id = id;
    this.store = store;
    this.database = database;
    this.parent = parent;
    this.writable = writable;
    this.snapshot = snapshot;
    if (parent !== undefined) this.reads = parent.reads;
    else this.reads = snapshot.optimistic ? new ReadSet(emptyPending()) : undefined;
    open.set(id, this);
    if (parent !== undefined) {
      parent.children ??= new Set();
      parent.children.add(this);
    }
    store.countBatch(1);
  }

  /** Looks a key up by the digest in the eight words at `at`. Between the store's `startRead` and `endRead`. */
  find(tag: number, digest: Int32Array, at: number, found: Found): boolean {
    for (let layer: Batch | undefined = this; layer !== undefined; layer = layer.parent) {
      const { writes } = layer;
      if (writes === undefined) continue;
      const record = writes.find(tag, digest, at);
      if (record < 0) continue;
      const length = writes.records[record + Record.ValueLength] as number;
      if (length === DELETED) return false;
      found.bytes = writes.array(record);
      found.start = writes.start(record) + (writes.records[record + Record.KeyLength] as number);
      found.length = length;
      return true;
    }
    if (this.reads !== undefined) this.reads.add(tag, digest, at);
    const entry = this.store.find(tag, digest, at, this.snapshot.version);
    if (entry === 0) return false;
    const { memory } = this.store;
    const start = byteOf(entry + Entry.Data) + memory.word(entry + Entry.KeyLength);
    const length = memory.word(entry + Entry.ValueLength);
    memory.reachByte(start + length);
    found.bytes = memory.bytes;
    found.start = start;
    found.length = length;
    return true;
  }

  /** Its writes, to be added to. */
  toWrite(): Pending {
    this.writes ??= emptyPending();
    return this.writes;
  }

  /** The writes of this batch and its ancestors together, as they are now. Throws a `RangeError` without memory. */
  overlay(): Pending {
    const layers: Pending[] = [];
    for (let layer: Batch | undefined = this; layer !== undefined; layer = layer.parent) {
      if (layer.writes !== undefined) layers.push(layer.writes);
    }
    const overlay = new Pending();
    while (layers.length > 0) overlay.absorb(layers.pop() as Pending);
    return overlay;
  }

  /**
   * Deletes all that it sees whose keys the filter passes. Throws a `RangeError` without memory, and then nothing
   * has changed.
   */
  clear(filter: KeyFilter): void {
    const { store, reads, snapshot } = this;
    const { memory } = store;
    const overlay = this.overlay();
    const cleared = new Pending();
    if (reads !== undefined) reads.scanned = true;
    for (let record = 0; record < overlay.count * Record.Words; record += Record.Words) {
      const { records } = overlay;
      if (records[record + Record.ValueLength] === DELETED) continue;
      const start = overlay.start(record);
      const end = start + (records[record + Record.KeyLength] as number);
      if (!filter.passes(overlay.array(record), start, end)) continue;
      cleared.delete(records[record + Record.Tag] as number, records, record + Record.Digest);
    }
    for (let tag = 0; tag !== store.table.end; ) {
      tag = store.visitSegment(tag, snapshot.version, (entry) => {
        const start = byteOf(entry + Entry.Data);
        const end = start + memory.word(entry + Entry.KeyLength);
        memory.reachByte(end);
        if (!filter.passes(memory.bytes, start, end)) return;
        const { words } = memory;
        const digest = entry + Entry.Digest;
        const own = store.tagOf(words, digest);
        if (overlay.find(own, words, digest) < 0) cleared.delete(own, words, digest);
      });
    }
    this.toWrite().absorb(cleared);
  }

  /** Closes it and the batches nested in it, however deep. */
  close(): void {
    if (!this.open.has(this.id)) return;
    this.parent?.children?.delete(this);
    const family: Batch[] = [this];
    // It grows while it is gone through.
    for (const batch of family) for (const child of batch.children ?? []) family.push(child);
    while (family.length > 0) (family.pop() as Batch).end();
  }

  private end(): void {
    this.open.delete(this.id);
    this.children = undefined;
    this.store.countBatch(-1);
    if (this.parent === undefined) this.store.pins.release(this.snapshot);
    const { writes } = this;
    this.writes = undefined;
    if (writes !== undefined) spare(writes);
    if (this.parent === undefined && this.reads !== undefined) spare(this.reads.keys);
  }
}
