import { Status } from '../engine.js';
import { Batch } from './batch.js';
import { Cursor } from './cursor.js';
import { announceGarbage } from './garbage.js';
import type { KeyFilter } from './keyfilter.js';
import { forget, remember } from './original.js';
import type { Snapshot } from './pins.js';
import { endAttachment } from './sessions.js';
import type { Store } from './store.js';

/** One attachment of this thread. */
interface Database {
  readonly store: Store;
  /** Whether it was created here, so that closing it closes it for all. */
  readonly creator: boolean;
}

/** What this thread has open, by the ids that the engine gave for it. No id is given twice. */
export class Client {
  private lastId = 0;
  private readonly databases = new Map<number, Database>();
  private readonly batches = new Map<number, Batch>();
  private readonly cursors = new Map<number, Cursor>();
  /** What this thread is attached to, once or more often, by `Memory.id`. */
  private readonly byHandle = new Map<string, Store>();
  /** The open batches that calls have begun. */
  private readonly callBatches = new Set<number>();
  /** The batch that was used last. */
  private recent: Batch | undefined;

  /** Each database that this thread is attached to. */
  get stores(): Iterable<Store> {
    return this.byHandle.values();
  }

  /** The store of a database that this thread is attached to already. */
  attached(id: string): Store | undefined {
    return this.byHandle.get(id);
  }

  /** Notes that this thread is attached by a store. */
  keep(store: Store): void {
    const { id, buffer } = store.memory;
    this.byHandle.set(id, store);
    remember(id, buffer);
  }

  addDatabase(database: Database): number {
    const id = ++this.lastId;
    this.databases.set(id, database);
    return id;
  }

  addBatch(
    store: Store,
    database: number,
    parent: Batch | undefined,
    writable: boolean,
    snapshot: Snapshot,
    ofCall: boolean,
  ): number {
    const id = ++this.lastId;
    if (ofCall) this.callBatches.add(id);
    this.recent = new Batch(this.batches, id, store, database, parent, writable, snapshot);
    return id;
  }

  /**
   * Closes the batches of a database that calls have left open, and puts right what others see of this thread.
   * Call this only when no call can be under way.
   */
  endCalls(database: number): void {
    for (const id of this.callBatches) {
      if (this.batches.get(id)?.database === database) this.closeBatch(id);
    }
    const store = this.store(database);
    if (store === undefined) return;
    const batches = [...this.batches.values()].filter((batch) => batch.store === store);
    const cursors = [...this.cursors.values()].filter((cursor) => cursor.store === store);
    const roots = batches.filter((batch) => batch.parent === undefined);
    store.pins.keepOnly([...roots, ...cursors].map((each) => each.snapshot));
    store.setBatchCount(batches.length);
  }

  /** Throws a `RangeError` when memory cannot be allocated. */
  addCursor(batch: Batch, keysOnly: boolean, filter: KeyFilter): number {
    const cursor = new Cursor(++this.lastId, batch, keysOnly, filter);
    this.cursors.set(cursor.id, cursor);
    return cursor.id;
  }

  /** Returns the handle of a database, which another thread may just have closed. An unknown id gets an empty buffer. */
  handle(database: number): SharedArrayBuffer {
    return this.databases.get(database)?.store.memory.buffer ?? new SharedArrayBuffer(0);
  }

  /** The store of a database that is not closed. */
  store(database: number): Store | undefined {
    const store = this.databases.get(database)?.store;
    return store === undefined || this.isGone(store) ? undefined : store;
  }

  /** An open batch of a database that is not closed, or Closed. */
  batch(id: number): Batch | typeof Status.Closed {
    const { recent } = this;
    const batch = recent?.id === id ? recent : this.batches.get(id);
    if (batch === undefined || this.isGone(batch.store)) return Status.Closed;
    this.recent = batch;
    return batch;
  }

  cursor(id: number): Cursor | undefined {
    const cursor = this.cursors.get(id);
    return cursor === undefined || this.isGone(cursor.store) ? undefined : cursor;
  }

  /** Closes a batch and those nested in it. */
  closeBatch(id: number): void {
    const batch = this.batches.get(id);
    if (batch === undefined) return;
    this.recent = undefined;
    this.callBatches.delete(id);
    batch.close();
    if (batch.parent === undefined) batch.store.freeIfIdle();
  }

  closeCursor(id: number): void {
    const cursor = this.cursors.get(id);
    if (cursor === undefined) return;
    this.cursors.delete(id);
    cursor.close();
    cursor.store.freeIfIdle();
  }

  /** Ends an attachment with its batches and cursors. */
  closeDatabase(id: number): void {
    const known = this.databases.get(id);
    if (known === undefined) return;
    for (const cursor of this.cursors.values()) {
      if (cursor.database === id) this.closeCursor(cursor.id);
    }
    for (const batch of this.batches.values()) {
      if (batch.database === id) this.closeBatch(batch.id);
    }
    if (known.creator) known.store.close();
    this.databases.delete(id);
    for (const other of this.databases.values()) if (other.store === known.store) return;
    if (!known.creator) known.store.freeAll();
    this.drop(known.store);
  }

  /** Whether a database is closed for all; if so, nothing of it is held any longer. */
  private isGone(store: Store): boolean {
    if (!store.memory.closed) return false;
    this.drop(store);
    return true;
  }

  private drop(store: Store): void {
    this.recent = undefined;
    for (const [id, cursor] of this.cursors) if (cursor.store === store) this.cursors.delete(id);
    for (const [id, batch] of this.batches) {
      if (batch.store !== store) continue;
      this.batches.delete(id);
      this.callBatches.delete(id);
    }
    for (const [id, known] of this.databases) if (known.store === store) this.databases.delete(id);
    const { byHandle } = this;
    const { id, bytes } = store.memory;
    if (byHandle.get(id) !== store) return;
    const leave = () => {
      if (byHandle.get(id) !== store) store.leave();
    };
    endAttachment(() => {
      byHandle.delete(id);
      forget(id);
      leave();
    }, leave);
    announceGarbage(bytes.length);
  }
}
