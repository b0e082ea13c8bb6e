import { valuePosition } from '../exchange.js';
import type { Batch } from './batch.js';
import type { KeyFilter } from './keyfilter.js';
import { DELETED, Entry, type Ref } from './layout.js';
import { byteOf } from './memory.js';
import { copy, type Pending, Record } from './pending.js';
import type { Snapshot } from './pins.js';
import type { Store } from './store.js';

/**
 * An iteration over what a batch saw at its start. First comes a copy of what waited to be
 * written, then the entries that its version sees, one segment of the table after the other.
 * It has a pin of its own.
 */
export class Cursor {
  readonly id: number;
  readonly store: Store;
  /** The attachment that its batch was begun in. */
  readonly database: number;
  /** What it pins. */
  readonly snapshot: Snapshot;
  private readonly overlay: Pending;
  private readonly filter: KeyFilter;
  private readonly keysOnly: boolean;
  /** The next record of the overlay. */
  private record = 0;
  /** The entries of a segment, the next of them, and where the next segment begins. */
  private entries: Ref[] = [];
  private shown = 0;
  private tag = 0;
  /** Bytes of the pair that the last `next` had no room for. */
  needed = 0;

  /** Throws a `RangeError` when memory cannot be allocated. */
  constructor(id: number, batch: Batch, keysOnly: boolean, filter: KeyFilter) {
    this.id = id;
    this.store = batch.store;
    this.database = batch.database;
    this.overlay = batch.overlay();
    this.keysOnly = keysOnly;
    this.filter = filter;
    this.snapshot = batch.snapshot;
    this.snapshot.uses++;
    if (batch.reads !== undefined) batch.reads.scanned = true;
  }

  close(): void {
    this.store.pins.release(this.snapshot);
  }

  /**
   * Writes the next pairs to `target` from `start` on, as many as fit. Each value is at a `valuePosition`. The
   * lengths of keys and values go to `lengths`, in turns. Returns how many, 0 at the end, or -1 when not even one fits.
   */
  next(target: Uint8Array, start: number, lengths: Int32Array): number {
    const { overlay, filter } = this;
    const { memory, table } = this.store;
    const most = lengths.length >> 1;
    let at = start;
    let count = 0;
    const take = (
      from: Uint8Array,
      byte: number,
      keyLength: number,
      wholeLength: number,
    ): boolean => {
      if (!filter.passes(from, byte, byte + keyLength)) return true;
      const valueLength = this.keysOnly ? 0 : wholeLength;
      const value = valuePosition(at + keyLength);
      const end = value + valueLength;
      if (count === most || end > target.length) {
        this.needed = valuePosition(keyLength) + valueLength;
        return false;
      }
      copy(from, byte, keyLength, target, at);
      copy(from, byte + keyLength, valueLength, target, value);
      lengths[2 * count] = keyLength;
      lengths[2 * count + 1] = valueLength;
      at = end;
      count++;
      return true;
    };

    for (; this.record < overlay.count * Record.Words; this.record += Record.Words) {
      const { record } = this;
      const valueLength = overlay.records[record + Record.ValueLength] as number;
      if (valueLength === DELETED) continue;
      const keyLength = overlay.records[record + Record.KeyLength] as number;
      if (!take(overlay.array(record), overlay.start(record), keyLength, valueLength)) {
        return count || -1;
      }
    }
    for (;;) {
      for (; this.shown < this.entries.length; this.shown++) {
        const entry = this.entries[this.shown] as Ref;
        if (overlay.count > 0 && this.isOverlaid(entry)) continue;
        const keyLength = memory.word(entry + Entry.KeyLength);
        const valueLength = memory.word(entry + Entry.ValueLength);
        const start = byteOf(entry + Entry.Data);
        memory.reachByte(start + keyLength + valueLength);
        const fits = take(memory.bytes, start, keyLength, valueLength);
        if (!fits) return count || -1;
      }
      if (this.tag === table.end) return count;
      this.entries.length = 0;
      this.shown = 0;
      this.tag = this.store.visitSegment(this.tag, this.snapshot.version, (entry) => {
        this.entries.push(entry);
      });
    }
  }

  private isOverlaid(entry: Ref): boolean {
    const { words } = this.store.memory;
    const digest = entry + Entry.Digest;
    return this.overlay.find(this.store.tagOf(words, digest), words, digest) >= 0;
  }
}
