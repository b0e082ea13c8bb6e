import { EMPTY, identity, join, type KeySpec, storedSize } from './keyspec.js';
import type { Batch, Database } from './store.js';

/**
 * The store as one would explain it to somebody: a Map that every begin copies whole. Nothing here is
 * clever, shared or fast. The engines are compared with it.
 */
export interface Pair {
  readonly key: KeySpec;
  readonly value: Uint8Array;
}

export type State = Map<string, Pair>;

export class ModelError extends Error {
  constructor(
    readonly code: string,
    readonly key?: KeySpec,
  ) {
    super(code);
  }
}

export class ModelDatabase implements Database<KeySpec> {
  state: State = new Map();
  closed = false;
  updating = false;
  readonly open = new Set<ModelBatch>();

  constructor(readonly maxBytes = Number.POSITIVE_INFINITY) {}

  begin(prefix?: KeySpec | null, writable = false): ModelBatch {
    return new ModelBatch(this, undefined, prefix ?? EMPTY, writable, copy(this.state));
  }

  view<T>(fn: (batch: ModelBatch) => T): T {
    const batch = this.begin(null, false);
    try {
      return refusePromise(fn(batch));
    } finally {
      batch.discard();
    }
  }

  update<T>(fn: (batch: ModelBatch) => T): T {
    if (this.closed) throw new ModelError('ERR_DATABASE_CLOSED');
    if (this.updating) throw new ModelError('ERR_NESTED_UPDATE');
    this.updating = true;
    const batch = this.begin(null, true);
    try {
      const result = refusePromise(fn(batch));
      batch.requireOpen();
      this.apply(batch.writes);
      return result;
    } finally {
      this.updating = false;
      batch.discard();
    }
  }

  /** Makes the writes part of the database, or throws and changes nothing. */
  apply(writes: Writes): void {
    const next = applied(this.state, writes);
    if (bytesOf(next) > this.maxBytes) throw new ModelError('ERR_DATABASE_FULL');
    this.state = next;
  }

  stats() {
    if (this.closed) throw new ModelError('ERR_DATABASE_CLOSED');
    return {
      entries: this.state.size,
      bytes: bytesOf(this.state),
      openBatches: this.open.size,
    };
  }

  close(): void {
    this.closed = true;
  }
}

/** For each identity what was put, or undefined if it was deleted. */
export type Writes = Map<string, Pair | undefined>;

export class ModelBatch implements Batch<KeySpec> {
  readonly writes: Writes = new Map();
  ended = false;

  constructor(
    readonly database: ModelDatabase,
    readonly parent: ModelBatch | undefined,
    readonly prefix: KeySpec,
    readonly writable: boolean,
    readonly base: State,
  ) {
    database.open.add(this);
  }

  /** Returns all that the batch sees. */
  seen(): State {
    return applied(this.parent ? this.parent.seen() : this.base, this.writes);
  }

  get(key: KeySpec | null): Uint8Array {
    const whole = this.whole(key);
    const value = this.find(whole);
    if (value === undefined) throw new ModelError('ERR_NOT_FOUND', whole);
    return value;
  }

  tryGet(key: KeySpec | null): Uint8Array | undefined {
    return this.find(this.whole(key));
  }

  has(key: KeySpec | null): boolean {
    return this.find(this.whole(key)) !== undefined;
  }

  getMany(keys: readonly (KeySpec | null)[]): (Uint8Array | undefined)[] {
    this.requireOpen();
    return keys.map((key) => this.tryGet(key));
  }

  put(key: KeySpec | null, value: Uint8Array | string | null): void {
    this.requireWritable();
    const whole = this.whole(key);
    this.writes.set(identity(whole), { key: whole, value: bytes(value) });
  }

  delete(key: KeySpec | null): void {
    this.requireWritable();
    this.writes.set(identity(this.whole(key)), undefined);
  }

  forEach(fn: (key: KeySpec, value: Uint8Array) => void): void {
    for (const [key, value] of this.entries()) fn(key, value);
  }

  entries(): IterableIterator<[KeySpec, Uint8Array]> {
    this.requireOpen();
    return walk(this.database, copy(this.seen()));
  }

  begin(prefix?: KeySpec | null, writable = false): ModelBatch {
    this.requireOpen();
    if (writable && !this.writable) throw new ModelError('ERR_READ_ONLY_BATCH');
    const joined = join(this.prefix, prefix ?? EMPTY);
    if (joined === undefined) throw new ModelError('ERR_INVALID_KEY');
    return new ModelBatch(this.database, this, joined, writable, this.base);
  }

  commit(): void {
    this.requireOpen();
    if (this.writable && this.parent) {
      for (const [id, pair] of this.writes) this.parent.writes.set(id, pair);
    } else if (this.writable) {
      if (this.database.updating) throw new ModelError('ERR_NESTED_UPDATE');
      this.database.apply(this.writes);
    }
    this.end();
  }

  discard(): void {
    this.end();
  }

  requireOpen(): void {
    if (this.database.closed) throw new ModelError('ERR_DATABASE_CLOSED');
    if (this.over()) throw new ModelError('ERR_BATCH_CLOSED');
  }

  private over(): boolean {
    return this.ended || (this.parent?.over() ?? false);
  }

  private requireWritable(): void {
    this.requireOpen();
    if (!this.writable) throw new ModelError('ERR_READ_ONLY_BATCH');
  }

  private whole(key: KeySpec | null): KeySpec {
    this.requireOpen();
    const whole = join(this.prefix, key ?? EMPTY);
    if (whole === undefined) throw new ModelError('ERR_INVALID_KEY');
    return whole;
  }

  private find(key: KeySpec): Uint8Array | undefined {
    const value = this.lookUp(identity(key))?.value;
    return value && Uint8Array.from(value);
  }

  private lookUp(id: string): Pair | undefined {
    if (this.writes.has(id)) return this.writes.get(id);
    return this.parent ? this.parent.lookUp(id) : this.base.get(id);
  }

  private end(): void {
    this.ended = true;
    for (const batch of this.database.open) if (batch.over()) this.database.open.delete(batch);
  }
}

function* walk(database: ModelDatabase, state: State): IterableIterator<[KeySpec, Uint8Array]> {
  for (const { key, value } of state.values()) {
    if (database.closed) throw new ModelError('ERR_DATABASE_CLOSED');
    yield [key, Uint8Array.from(value)];
  }
  if (database.closed) throw new ModelError('ERR_DATABASE_CLOSED');
}

function applied(state: State, writes: Writes): State {
  const next = copy(state);
  for (const [id, pair] of writes) {
    if (pair === undefined) next.delete(id);
    else next.set(id, { key: pair.key, value: Uint8Array.from(pair.value) });
  }
  return next;
}

function copy(state: State): State {
  const pairs = [...state].map(
    ([id, { key, value }]) => [id, { key, value: Uint8Array.from(value) }] as const,
  );
  return new Map(pairs);
}

function bytesOf(state: State): number {
  let sum = 0;
  for (const { key, value } of state.values()) sum += storedSize(key) + value.length;
  return sum;
}

function bytes(value: Uint8Array | string | null): Uint8Array {
  return value === null ? new Uint8Array() : Uint8Array.from(Buffer.from(value as Uint8Array));
}

function refusePromise<T>(result: T): T {
  if (typeof (result as { then?: unknown } | null)?.then === 'function') {
    throw new TypeError('a promise was returned');
  }
  return result;
}
