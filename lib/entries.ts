import type { Attachment } from './attachment.js';
import { failure } from './engine/failure.js';
import type { Pairs } from './engine/pairs.js';
import { DatabaseClosedError } from './errors.js';
import { Key } from './record/key.js';

/** A walk over the pairs that a batch saw when the walk began. */
export class Cursor {
  readonly #attachment: Attachment;
  readonly #id: number;
  #pairs: Pairs | undefined;
  #ended = false;

  /** Of the batch with that id in its engine. */
  constructor(attachment: Attachment, batch: number) {
    const id = attachment.engine.cursor(batch);
    if (id < 0) throw failure(id);
    this.#attachment = attachment;
    this.#id = id;
  }

  /** Goes to the next pair, or to the first; false when there is none. Throws `DatabaseClosedError`. */
  advance(): boolean {
    if (this.#ended) return false;
    if (this.#attachment.closed) throw new DatabaseClosedError();
    if (this.#pairs?.advance()) return true;
    this.#pairs = this.#attachment.crossing.next(this.#id);
    if (this.#pairs?.advance()) return true;
    this.end();
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

  /** Lets go of the version that the walk is over; fine at any time. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#pairs = undefined;
    if (this.#attachment.closed) return;
    this.#attachment.engine.endCursor(this.#id);
    this.#attachment.reclaimSoon();
  }
}

/** Ends the walks of iterators that were neither run to their end nor ended. */
const abandoned = new FinalizationRegistry<Cursor>((cursor) => cursor.end());

/** Key and value of every pair of a walk. */
export class Entries implements IterableIterator<[Key, Buffer]> {
  readonly #cursor: Cursor;

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
    abandoned.register(this, cursor, cursor);
  }

  /** Throws `DatabaseClosedError`. */
  next(): IteratorResult<[Key, Buffer], undefined> {
    const cursor = this.#cursor;
    if (cursor.advance()) return { done: false, value: [cursor.key(), cursor.value()] };
    return this.return();
  }

  /** Ends the iteration; the language calls it when a `for ... of` is left early. */
  return(): IteratorReturnResult<undefined> {
    this.#cursor.end();
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
