import type { BatchId, Connection, CursorId } from './engine/connection.js';
import type { Pairs } from './engine/pairs.js';
import { DatabaseClosedError } from './errors.js';
import { Key } from './record/key.js';

/** A walk over the pairs that a batch saw when the walk began. */
export class Cursor {
  readonly #connection: Connection;
  readonly #id: CursorId;
  #pairs: Pairs | undefined;
  #ended = false;

  /** Throws `DatabaseClosedError`, or `DatabaseFullError` without memory. */
  constructor(connection: Connection, batch: BatchId, prefix?: Key, keysOnly = false) {
    this.#id = connection.iterate(batch, prefix, keysOnly);
    this.#connection = connection;
  }

  /** Goes to the next pair, or to the first; returns false at the end. Throws `DatabaseClosedError`. */
  advance(): boolean {
    if (this.#ended) return false;
    if (this.#connection.closed) throw new DatabaseClosedError();
    if (this.#pairs?.advance()) return true;
    this.#pairs = this.#connection.next(this.#id);
    if (this.#pairs?.advance()) return true;
    this.discard();
    return false;
  }

  /** The current pair's key. */
  key(): Key {
    return Key.restore((this.#pairs as Pairs).key());
  }

  /** The current pair's value, a Buffer of the caller's. */
  value(): Buffer {
    return (this.#pairs as Pairs).value();
  }

  /** Lets go of the version that the walk is over. It may be called at any time. */
  discard(): void {
    if (this.#ended) return;
    this.#connection.endIteration(this.#id);
    // Not before: if the stack overflows there, the walk is ended again.
    this.#ended = true;
    this.#pairs = undefined;
    this.#connection.reclaimSoon();
  }
}

/** Ends the walks of iterators that were neither run to their end nor ended. */
const abandoned = new FinalizationRegistry<Cursor>((cursor) => cursor.discard());

/** What `read` takes from a walk at every pair. */
class Walk<T> implements IterableIterator<T> {
  readonly #cursor: Cursor;
  readonly #read: (cursor: Cursor) => T;

  constructor(cursor: Cursor, read: (cursor: Cursor) => T) {
    this.#cursor = cursor;
    this.#read = read;
    abandoned.register(this, cursor, cursor);
  }

  /** Throws `DatabaseClosedError`. */
  next(): IteratorResult<T, undefined> {
    const cursor = this.#cursor;
    if (cursor.advance()) return { done: false, value: this.#read(cursor) };
    return this.return();
  }

  /** Ends the iteration; the language calls it when a `for ... of` is left early. */
  return(): IteratorReturnResult<undefined> {
    this.#cursor.discard();
    abandoned.unregister(this.#cursor);
    return { done: true, value: undefined };
  }

  [Symbol.iterator](): this {
    return this;
  }

  [Symbol.dispose](): void {
    this.return();
  }
}

/** Returns key and value of every pair of a walk. */
export function entriesOf(cursor: Cursor): IterableIterator<[Key, Buffer]> {
  return new Walk(cursor, (at) => [at.key(), at.value()]);
}

/** Returns the key of every pair of a walk. */
export function keysOf(cursor: Cursor): IterableIterator<Key> {
  return new Walk(cursor, (at) => at.key());
}
