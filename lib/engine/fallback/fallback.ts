import { clearTimeout, setInterval, setTimeout } from '../clock.js';
import { BeginFlag, type Engine, Status } from '../engine.js';
import { onExit } from '../events.js';
import { type Exchange, Region, valuePosition, Word } from '../exchange.js';
import { type Batch, Found } from './batch.js';
import { Client } from './client.js';
import { Digests } from './digests.js';
import { KeyFilter } from './keyfilter.js';
import { Entry, FIRST_VERSION } from './layout.js';
import { byteOf, Memory } from './memory.js';
import { copy } from './pending.js';
import type { Changed } from './readset.js';
import { readStats } from './stats.js';
import { Store } from './store.js';
import { onThreadEnd } from './threads.js';

/** How long `update` and `commit` wait for a thread of which it is not known whether it died, ms. */
const LOCK_TIMEOUT = 10_000;

/** How often an idle thread checks whether there is something to do, ms. */
const TIDY_INTERVAL = 1_000;

/** The pause for other work if there is more to do, ms. */
const TIDY_PAUSE = 5;

/** The most keys that a commit reports as changed. */
const MOST_CHANGED = 16;

/** The largest number that a word of the exchange can hold. */
const MOST_NEEDED = 2 ** 31 - 1;

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
  private readonly client = new Client();
  private tidiesSoon: NodeJS.Timeout | undefined;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
    this.digests = new Digests(exchange);
    onThreadEnd(() => {
      for (const store of this.client.stores) store.reap();
    });
    onExit('engines', () => {
      for (const store of this.client.stores) store.letGo();
    });
    setInterval(() => this.tidy(), TIDY_INTERVAL).unref();
  }

  private tidy(): void {
    let more = false;
    for (const store of this.client.stores) {
      if (!store.memory.closed && store.tidy()) more = true;
    }
    clearTimeout(this.tidiesSoon);
    if (more) this.tidiesSoon = setTimeout(() => this.tidy(), TIDY_PAUSE).unref();
  }

  create(maxBytes: number): number {
    let id = 0;
    const status = orFull(() => {
      const memory = Memory.create(maxBytes);
      const store = memory === undefined ? undefined : Store.open(memory);
      if (!store?.table.create()) return;
      this.client.keep(store);
      id = this.client.addDatabase({ store, creator: true });
    });
    return status < 0 || id === 0 ? Status.Full : id;
  }

  attach(handle: SharedArrayBuffer): number {
    const memory = Memory.of(handle);
    if (memory === undefined) return Status.InvalidHandle;
    if (memory.closed) return Status.Closed;
    let store = this.client.attached(memory.id);
    if (store === undefined) {
      // It went with its last thread.
      if (!Store.inUse(memory)) return Status.Closed;
      store = Store.open(memory, (opened) => this.client.keep(opened));
      if (store === undefined) return Status.Full;
    }
    return this.client.addDatabase({ store, creator: false });
  }

  handle(database: number): SharedArrayBuffer {
    return this.client.handle(database);
  }

  close(database: number): void {
    this.client.closeDatabase(database);
  }

  closed(database: number): boolean {
    return this.client.store(database) === undefined;
  }

  stats(database: number): number[] {
    const store = this.client.store(database);
    if (store === undefined) return [];
    store.reap();
    store.superseded.demand();
    store.freeIfIdle();
    return readStats(store);
  }

  version(database: number): number {
    const store = this.client.store(database);
    return store === undefined ? Status.Closed : store.memory.published - FIRST_VERSION;
  }

  lock(database: number, slice: number): number {
    const store = this.client.store(database);
    if (store === undefined) return Status.Closed;
    return this.tellHolder(store, store.startUpdate(slice));
  }

  join(database: number): number {
    const store = this.client.store(database);
    if (store === undefined) return Status.Closed;
    return this.tellHolder(store, store.join());
  }

  leave(database: number): void {
    this.client.store(database)?.mutex.leave();
  }

  unlock(database: number): void {
    this.client.store(database)?.letGo();
  }

  begin(database: number, flags: number): number {
    const store = this.client.store(database);
    if (store === undefined) return Status.Closed;
    const snapshot = store.pins.take((flags & BeginFlag.Optimistic) !== 0);
    if (snapshot === undefined) return Status.Full;
    const writable = (flags & BeginFlag.Writable) !== 0;
    const ofCall = (flags & BeginFlag.OfCall) !== 0;
    try {
      return this.client.addBatch(store, database, undefined, writable, snapshot, ofCall);
    } catch (error) {
      // The stack has overflowed.
      store.pins.release(snapshot);
      throw error;
    }
  }

  beginNested(parent: number, writable: boolean): number {
    const outer = this.client.batch(parent);
    if (typeof outer === 'number') return outer;
    const { store, database, snapshot } = outer;
    return this.client.addBatch(store, database, outer, writable, snapshot, false);
  }

  batchVersion(batch: number): number {
    const from = this.client.batch(batch);
    return typeof from === 'number' ? from : from.snapshot.version - FIRST_VERSION;
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
    const from = this.client.batch(batch);
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
      const position = valuePosition(end);
      end = position + found.length;
      // With no room for one, the rest is only measured.
      if (end <= slab.length) copy(found.bytes, found.start, found.length, slab, position);
    }
    store.endRead();
    digests.noteHashed();
    if (end <= slab.length) return end - start;
    // A sum that does not fit a word must not wrap: the caller then asks for fewer keys.
    words[Word.Needed] = Math.min(end - start, MOST_NEEDED);
    return Status.NoRoom;
  }

  put(batch: number, at: number, keyLength: number, valueLength: number): number {
    const { bytes } = this.exchange;
    return this.write(batch, at, keyLength, valueLength, (pair, start) => {
      copy(bytes, Region.Key, keyLength, pair, start);
      copy(bytes, Region.Value, valueLength, pair, start + keyLength);
    });
  }

  putLarge(batch: number, at: number, key: Uint8Array, value: Uint8Array): number {
    return this.write(batch, at, key.length, value.length, (pair, start) => {
      pair.set(key, start);
      pair.set(value, start + key.length);
    });
  }

  delete(batch: number, at: number): number {
    const to = this.client.batch(batch);
    if (typeof to === 'number') return to;
    const digest = this.digests.locate(at);
    const { words } = this.exchange;
    const tag = to.store.tagOf(words, digest);
    return orFull(() => to.toWrite().delete(tag, words, digest));
  }

  commit(batch: number, locked: boolean, slice: number): number {
    const from = this.client.batch(batch);
    if (typeof from === 'number') return from;
    const { parent, writes, store } = from;
    if (parent !== undefined) {
      const status =
        writes === undefined ? Status.Ok : orFull(() => parent.toWrite().absorb(writes));
      this.exchange.number[0] = 0;
      if (status === Status.Ok) this.client.closeBatch(batch);
      return status;
    }
    if (from.writable && store.updating && !locked) return Status.Nested;
    const { owned } = store.mutex;
    const isEmpty = writes === undefined || writes.count === 0;
    if (isEmpty && from.reads === undefined) {
      this.client.closeBatch(batch);
      return Status.Ok;
    }
    try {
      if (!owned) {
        const locked = store.lock(slice);
        if (locked < 0) return this.tellHolder(store, locked);
      }
      let status: Status = this.compare(from);
      if (status === Status.Ok && !isEmpty) status = store.commit(writes);
      if (status === Status.Full) this.exchange.number[0] = store.overLimit;
      // Its pin is gone before what nobody sees any more is freed.
      if (status !== Status.Full) this.client.closeBatch(batch);
      return status;
    } finally {
      if (!owned) store.letGo();
    }
  }

  reads(batch: number, from: number): number {
    const of = this.client.batch(batch);
    if (typeof of === 'number') return of;
    const { words, results } = this.exchange;
    results[0] = of.reads?.scanned ? 1 : 0;
    const target = words.subarray(Region.Input >> 2, (Region.Input + Region.InputSize) >> 2);
    return of.reads?.copy(from, target) ?? 0;
  }

  discard(batch: number): void {
    this.client.closeBatch(batch);
  }

  endCalls(database: number): void {
    this.client.endCalls(database);
    this.unlock(database);
  }

  clear(batch: number, form: Uint8Array): number {
    const from = this.client.batch(batch);
    if (typeof from === 'number') return from;
    return orFull(() => from.clear(new KeyFilter(form)));
  }

  cursor(batch: number, keysOnly: boolean, filter: Uint8Array): number {
    const from = this.client.batch(batch);
    if (typeof from === 'number') return from;
    let id = 0;
    const status = orFull(() => {
      id = this.client.addCursor(from, keysOnly, new KeyFilter(filter));
    });
    return status < 0 ? status : id;
  }

  next(cursor: number): number {
    const known = this.client.cursor(cursor);
    if (known === undefined) return Status.Closed;
    const { slab, words, results } = this.exchange;
    const count = known.next(slab, words[Word.SlabPosition] as number, results);
    if (count >= 0) return count;
    words[Word.Needed] = known.needed;
    return Status.NoRoom;
  }

  endCursor(cursor: number): void {
    this.client.closeCursor(cursor);
  }

  reclaim(database: number): number {
    return this.client.store(database)?.reclaim() ?? 0;
  }

  useSlab(): void {
    // The slab is looked up in the exchange each time.
  }

  /** Ok and where the value is in `found`, or Absent. */
  private find(batch: number, at: number): number {
    const from = this.client.batch(batch);
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

  /** Has a key put. `fill` copies key and value, one behind the other, to where its arguments say. */
  private write(
    batch: number,
    at: number,
    keyLength: number,
    valueLength: number,
    fill: (pair: Uint8Array, start: number) => void,
  ): number {
    const to = this.client.batch(batch);
    if (typeof to === 'number') return to;
    const digest = this.digests.locate(at);
    const { words } = this.exchange;
    const tag = to.store.tagOf(words, digest);
    return orFull(() => {
      const writes = to.toWrite();
      const record = writes.claim(tag, words, digest, keyLength, valueLength);
      fill(writes.array(record), writes.start(record));
    });
  }

  /** Ok, or Conflict if what an optimistic batch has read has changed. Under the mutex. */
  private compare({ reads, store, snapshot }: Batch): Status {
    const changed = reads?.changedSince(store, snapshot.version, MOST_CHANGED);
    if (changed === undefined) return Status.Ok;
    this.tellChanged(store, changed);
    return Status.Conflict;
  }

  private tellChanged({ memory }: Store, changed: readonly Changed[]): void {
    const { bytes, results } = this.exchange;
    let at: number = Region.Input;
    let count = 0;
    for (const { entry, digest } of changed) {
      const from = entry === 0 ? new Uint8Array(digest.buffer) : memory.bytes;
      const start = entry === 0 ? 0 : byteOf(entry + Entry.Data);
      const length = entry === 0 ? from.length : memory.word(entry + Entry.KeyLength);
      if (at + length > Region.Input + Region.InputSize) continue;
      copy(from, start, length, bytes, at);
      at += length;
      results[++count] = entry === 0 ? Status.Absent : length;
    }
    results[0] = count;
  }

  private tellHolder(store: Store, status: Status): Status {
    if (status === Status.Busy) this.exchange.words[Word.Holder] = store.mutex.holder;
    return status;
  }
}

/** Returns Ok, or Full if memory for `change` cannot be allocated. */
function orFull(change: () => void): number {
  try {
    change();
    return Status.Ok;
  } catch (error) {
    if (error instanceof RangeError) return Status.Full;
    throw error;
  }
}
