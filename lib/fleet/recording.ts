import {
  type Batch,
  BatchClosedError,
  type ChangeSet,
  InvalidKeyError,
  Key,
  type KeyLike,
  NestedUpdateError,
  type PrefixOptions,
  type ReadBatch,
  type Value,
} from '../index.js';
import { POSITION } from './position.js';
import { visibleKeys, visiblePairs, visibly } from './visible.js';

/** Keys by their digests, as text. */
type Keys = Map<string, Key>;

/**
 * A batch that can be read and written: what `Replica.update` passes to its function.
 * @see Replica
 */
export interface UpdateBatch extends Omit<ReadBatch, 'begin'>, ChangeSet {
  /** Returns a copy of the value of `key`. Throws `NotFoundError` if there is no value. */
  get(key: KeyLike): Buffer;
  forEach: ReadBatch['forEach'];
  /** Begins a nested batch. Throws `BatchClosedError` after the end. */
  begin(prefix?: KeyLike, writable?: boolean): UpdateBatch;
}

const NOTHING = Key.of();
const POSITION_DIGEST = digestText(POSITION);

/**
 * A batch that remembers which keys were written. What a nested batch writes counts once it is committed. What
 * is read, the optimistic batch below remembers.
 */
export class Recording implements UpdateBatch {
  readonly #inner: Batch;
  readonly #prefix: Key;
  readonly #parent: Recording | undefined;
  /** The keys that were written here, whole. */
  readonly written: Keys = new Map();
  #discarded = false;

  /** `inner` is a writable batch without a prefix. */
  constructor(inner: Batch, parent?: Recording, prefix: Key = NOTHING) {
    this.#inner = inner;
    this.#parent = parent;
    this.#prefix = prefix;
  }

  get closed(): boolean {
    return this.#inner.closed;
  }

  get writable(): boolean {
    return this.#inner.writable;
  }

  get version(): number {
    return this.#inner.version;
  }

  get(key: KeyLike): Buffer {
    return this.#inner.get(this.#whole(key));
  }

  tryGet(key: KeyLike): Buffer | undefined {
    return this.#inner.tryGet(this.#whole(key));
  }

  getMany(keys: readonly KeyLike[]): (Buffer | undefined)[] {
    if (!Array.isArray(keys)) return this.#inner.getMany(keys);
    return this.#inner.getMany(Array.from(keys, (key) => this.#whole(key)));
  }

  has(key: KeyLike): boolean {
    return this.#inner.has(this.#whole(key));
  }

  put(key: KeyLike, value: Value): void {
    const whole = this.#whole(key);
    this.#inner.put(whole, value);
    this.#wrote(whole);
  }

  delete(key: KeyLike): void {
    const whole = this.#whole(key);
    this.#inner.delete(whole);
    this.#wrote(whole);
  }

  forEach: ReadBatch['forEach'] = (fn) => {
    this.#inner.forEach(visibly(fn));
  };

  entries(options?: PrefixOptions): IterableIterator<[Key, Buffer]> {
    return visiblePairs(this.#inner.entries(options));
  }

  keys(options?: PrefixOptions): IterableIterator<Key> {
    return visibleKeys(this.#inner.keys(options));
  }

  [Symbol.iterator](): IterableIterator<[Key, Buffer]> {
    return this.entries();
  }

  begin(prefix?: KeyLike, writable = false): UpdateBatch {
    const whole = this.#whole(prefix);
    return new Recording(this.#inner.begin(null, writable), this, whole);
  }

  commit(): void {
    const parent = this.#parent;
    if (parent === undefined) throw new NestedUpdateError();
    this.#inner.commit();
    for (const [digest, key] of this.written) parent.written.set(digest, key);
  }

  discard(): void {
    this.#inner.discard();
    this.#discarded = true;
  }

  [Symbol.dispose](): void {
    this.discard();
  }

  /** The value that a written key has at the end; undefined if it was deleted. */
  final(key: Key): Buffer | undefined {
    if (this.#discarded) {
      throw new BatchClosedError(
        'the batch of an update was discarded inside it; throw to abandon an update',
      );
    }
    return this.#inner.tryGet(key);
  }

  #whole(key: KeyLike): Key {
    return this.#prefix.appendKey(key);
  }

  #wrote(key: Key): void {
    const digest = digestText(key);
    if (digest === POSITION_DIGEST) {
      throw new InvalidKeyError(`${key} is where the replica keeps its position; use another key`);
    }
    this.written.set(digest, key);
  }
}

/** The digest of a key, to find it by in a map. */
export function digestText(key: Key): string {
  return key.digest().toString('latin1');
}
