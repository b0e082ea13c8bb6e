import { type Engine, Status } from '../engine.js';
import { type Exchange, Region, Word } from '../exchange.js';
import { Batch, Found } from './batch.js';
import { Cursor } from './cursor.js';
import { Digests } from './digests.js';
import { Memory } from './memory.js';
import { copy } from './pending.js';
import type { Snapshot } from './pins.js';
import { readStats } from './stats.js';
import { Store } from './store.js';
import { onThreadEnd } from './threads.js';

/** How long `update` and `commit` wait for a thread of which it is not known whether it died, ms. */
const LOCK_TIMEOUT = 10_000;

/** One attachment of this thread. */
interface Database {
  readonly store: Store;
  /** Whether it was created here, so that closing it closes it for all. */
  readonly creator: boolean;
}

/** The engine in pure TypeScript, for this thread. */
export function createFallback(exchange: Exchange): Engine {
  return new Fallback(exchange);
}

class Fallback implements Engine {
  readonly name = 'fallback';
  readonly exchange: Exchange;
  readonly lockTimeout = LOCK_TIMEOUT;
  private readonly digests: Digests;
  private readonly found = new Found();
  /** No id is used twice. */
  private lastId = 0;
  private readonly databases = new Map<number, Database>();
  private readonly batches = new Map<number, Batch>();
  private readonly cursors = new Map<number, Cursor>();
  /** What this thread is attached to, once or more often, by the id of the database. */
  private readonly stores = new Map<string, Store>();
  /** The batch that was used last. */
  private recent: Batch | undefined;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
    this.digests = new Digests(exchange);
    onThreadEnd(() => {
      for (const store of this.stores.values()) store.reap();
    });
    process.once('exit', () => {
      for (const store of this.stores.values()) store.letGo();
    });
  }

  create(maxBytes: number): number {
    const memory = Memory.create(maxBytes);
    const store = memory === undefined ? undefined : Store.open(memory);
    return store?.table.create() ? this.add({ store, creator: true }) : Status.Full;
  }

  attach(handle: SharedArrayBuffer): number {
    const memory = Memory.of(handle);
    if (memory === undefined) return Status.InvalidHandle;
    if (memory.closed) return Status.Closed;
    const known = this.stores.get(memory.id);
    if (known !== undefined) return this.add({ store: known, creator: false });
    if (!Store.inUse(memory)) return Status.InvalidHandle;
    const store = Store.open(memory);
    return store === undefined ? Status.Full : this.add({ store, creator: false });
  }

  handle(database: number): SharedArrayBuffer {
    const store = this.storeOf(database);
    if (store === undefined) throw new Error(`there is no database ${database}`);
    return store.memory.buffer;
  }

  close(database: number): void {
    const known = this.databases.get(database);
    if (known === undefined) return;
    const { store, creator } = known;
    for (const cursor of this.cursors.values()) {
      if (cursor.database === database) this.endCursor(cursor.id);
    }
    for (const batch of this.batches.values()) {
      if (batch.database === database) batch.close();
    }
    if (creator) store.close();
    this.databases.delete(database);
    for (const other of this.databases.values()) if (other.store === store) return;
    this.drop(store);
  }

  closed(database: number): boolean {
    return this.storeOf(database) === undefined;
  }

  stats(database: number): number[] {
    const store = this.storeOf(database);
    if (store === undefined) return [];
    store.reap();
    return readStats(store);
  }

  lock(database: number, slice: number): number {
    const store = this.storeOf(database);
    if (store === undefined) return Status.Closed;
    if (store.mutex.owned) return Status.Nested;
    return this.tellHolder(store, store.lock(slice));
  }

  unlock(database: number): void {
    this.databases.get(database)?.store.letGo();
  }

  begin(database: number, writable: boolean): number {
    const store = this.storeOf(database);
    if (store === undefined) return Status.Closed;
    const snapshot = store.pins.take();
    if (snapshot === undefined) return Status.Full;
    return this.addBatch(store, database, undefined, writable, snapshot);
  }

  beginNested(parent: number, writable: boolean): number {
    const outer = this.batchOf(parent);
    if (typeof outer === 'number') return outer;
    const { store, database, snapshot } = outer;
    return this.addBatch(store, database, outer, writable, snapshot);
  }

  get(batch: number, at: number): number {
    const status = this.find(batch, at);
    if (status < 0) return status;
    const { exchange, found } = this;
    const { slab, words } = exchange;
    const position = words[Word.SlabPosition] as number;
    if (found.length > slab.length - position) {
      words[Word.Needed] = found.length;
      return Status.NoRoom;
    }
    copy(found.bytes, found.start, found.length, slab, position);
    return found.length;
  }

  getInto(batch: number, at: number, target: Uint8Array): number {
    const status = this.find(batch, at);
    if (status < 0) return status;
    const { found } = this;
    if (found.length !== target.length) return Status.Misuse;
    copy(found.bytes, found.start, found.length, target, 0);
    return found.length;
  }

  has(batch: number, at: number): number {
    return this.find(batch, at);
  }

  getMany(batch: number, count: number): number {
    const from = this.batchOf(batch);
    if (typeof from === 'number') return from;
    const { digests, found, exchange } = this;
    const { slab, words, results } = exchange;
    const start = words[Word.SlabPosition] as number;
    let end = start;
    let offset: number = Region.Input;
    const { store } = from;
    store.startRead();
    for (let n = 0; n < count; n++) {
      const digest = digests.read(offset);
      offset = digests.next;
      if (!from.find(store.tagOf(words, digest), words, digest, found)) {
        results[n] = Status.Absent;
        continue;
      }
      results[n] = found.length;
      // With no room for one, the rest is only measured.
      if (end + found.length <= slab.length) {
        copy(found.bytes, found.start, found.length, slab, end);
      }
      end += found.length;
    }
    store.endRead();
    if (end <= slab.length) return end - start;
    words[Word.Needed] = end - start;
    return Status.NoRoom;
  }

  put(batch: number, at: number, keyLength: number, valueLength: number): number {
    const { bytes } = this.exchange;
    return this.write(batch, at, bytes, Region.Key, keyLength, bytes, Region.Value, valueLength);
  }

  putLarge(batch: number, at: number, key: Uint8Array, value: Uint8Array): number {
    return this.write(batch, at, key, 0, key.length, value, 0, value.length);
  }

  delete(batch: number, at: number): number {
    const to = this.batchOf(batch);
    if (typeof to === 'number') return to;
    const digest = this.digests.locate(at);
    const { words } = this.exchange;
    const tag = to.store.tagOf(words, digest);
    return orFull(() => to.toWrite().delete(tag, words, digest));
  }

  commit(batch: number, locked: boolean, slice: number): number {
    const from = this.batchOf(batch);
    if (typeof from === 'number') return from;
    const { parent, writes, store, writable } = from;
    if (parent !== undefined) {
      if (writes !== undefined) {
        const status = orFull(() => parent.toWrite().absorb(writes));
        if (status < 0) return status;
      }
      from.close();
      return Status.Ok;
    }
    const { owned } = store.mutex;
    if (writable && owned && !locked) return Status.Nested;
    if (writes === undefined || writes.count === 0) {
      this.discard(batch);
      return Status.Ok;
    }
    if (!owned) {
      const status = store.lock(slice);
      if (status < 0) return this.tellHolder(store, status);
    }
    try {
      const status = store.commit(writes);
      if (status === Status.Ok) {
        from.close();
        store.freeSome();
      }
      return status;
    } finally {
      if (!owned) store.mutex.release();
    }
  }

  discard(batch: number): void {
    const known = this.batches.get(batch);
    if (known === undefined) return;
    known.close();
    if (known.parent === undefined) known.store.freeIfIdle();
  }

  cursor(batch: number): number {
    const from = this.batchOf(batch);
    if (typeof from === 'number') return from;
    let cursor: Cursor | undefined;
    const status = orFull(() => {
      cursor = new Cursor(++this.lastId, from);
    });
    if (cursor === undefined) return status;
    this.cursors.set(cursor.id, cursor);
    return cursor.id;
  }

  next(cursor: number): number {
    const known = this.cursors.get(cursor);
    if (known === undefined) return Status.Closed;
    if (known.store.memory.closed) return this.gone(known.store);
    const { slab, words, results } = this.exchange;
    const count = known.next(slab, words[Word.SlabPosition] as number, results);
    if (count >= 0) return count;
    words[Word.Needed] = known.needed;
    return Status.NoRoom;
  }

  endCursor(cursor: number): void {
    const known = this.cursors.get(cursor);
    if (known === undefined) return;
    this.cursors.delete(cursor);
    known.close();
    known.store.freeIfIdle();
  }

  reclaim(database: number): number {
    return this.storeOf(database)?.reclaim() ?? 0;
  }

  slabChanged(): void {
    // The slab is looked up in the exchange each time.
  }

  private add(database: Database): number {
    const id = ++this.lastId;
    this.databases.set(id, database);
    this.stores.set(database.store.memory.id, database.store);
    return id;
  }

  private addBatch(
    store: Store,
    database: number,
    parent: Batch | undefined,
    writable: boolean,
    snapshot: Snapshot,
  ): number {
    const id = ++this.lastId;
    this.recent = new Batch(this.batches, id, store, database, parent, writable, snapshot);
    return id;
  }

  /** The store of a database that is not closed. */
  private storeOf(database: number): Store | undefined {
    const store = this.databases.get(database)?.store;
    if (!store?.memory.closed) return store;
    this.drop(store);
    return undefined;
  }

  private batchOf(id: number): Batch | number {
    const { recent } = this;
    const batch = recent?.id === id ? recent : this.batches.get(id);
    if (batch === undefined) return Status.Closed;
    if (batch.store.memory.closed) return this.gone(batch.store);
    this.recent = batch;
    return batch;
  }

  private gone(store: Store): number {
    this.drop(store);
    return Status.Closed;
  }

  /** Lets go of a database that is closed, or that this thread has no attachment to any more. */
  private drop(store: Store): void {
    this.recent = undefined;
    for (const [id, cursor] of this.cursors) if (cursor.store === store) this.cursors.delete(id);
    for (const [id, batch] of this.batches) if (batch.store === store) this.batches.delete(id);
    for (const [id, known] of this.databases) if (known.store === store) this.databases.delete(id);
    this.stores.delete(store.memory.id);
    store.leave();
  }

  /** Ok and where the value is in `found`, or Absent. */
  private find(batch: number, at: number): number {
    const from = this.batchOf(batch);
    if (typeof from === 'number') return from;
    const digest = this.digests.locate(at);
    const { store } = from;
    const { words } = this.exchange;
    const tag = store.tagOf(words, digest);
    store.startRead();
    const seen = from.find(tag, words, digest, this.found);
    store.endRead();
    return seen ? Status.Ok : Status.Absent;
  }

  private write(
    batch: number,
    at: number,
    key: Uint8Array,
    keyStart: number,
    keyLength: number,
    value: Uint8Array,
    valueStart: number,
    valueLength: number,
  ): number {
    const to = this.batchOf(batch);
    if (typeof to === 'number') return to;
    const digest = this.digests.locate(at);
    const { words } = this.exchange;
    const tag = to.store.tagOf(words, digest);
    return orFull(() => {
      const writes = to.toWrite();
      writes.put(tag, words, digest, key, keyStart, keyLength, value, valueStart, valueLength);
    });
  }

  private tellHolder(store: Store, status: Status): Status {
    if (status === Status.Busy) {
      const { owner } = store.mutex;
      this.exchange.words[Word.Holder] = owner < 0 ? -1 : store.sessions.thread(owner);
    }
    return status;
  }
}

/** Ok, or Full when the memory that `change` needs cannot be had. */
function orFull(change: () => void): Status {
  try {
    change();
    return Status.Ok;
  } catch (error) {
    if (error instanceof RangeError) return Status.Full;
    throw error;
  }
}
