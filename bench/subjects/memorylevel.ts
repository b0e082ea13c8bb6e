import type { AbstractSnapshot } from 'abstract-level';
import { MemoryLevel } from 'memory-level';
import { digests } from './digest.js';
import { Gets, type Reader, type Store, type Subject, type Writer } from './subject.js';

type Level = MemoryLevel<Buffer, Buffer>;

/**
 * memory-level, keyed by digests. Reads are synchronous; writes, getMany and the
 * end of a snapshot are not.
 */
class LevelStore implements Store<Buffer, Buffer> {
  readonly account = digests.account;
  readonly head = digests.head;
  readonly state = digests.state;
  readonly element = digests.element;
  readonly elementIndex = digests.elementIndex;

  readonly #db: Level;

  private constructor(db: Level) {
    this.#db = db;
  }

  static async open(): Promise<LevelStore> {
    const db: Level = new MemoryLevel({ keyEncoding: 'buffer', valueEncoding: 'buffer' });
    await db.open();
    return new LevelStore(db);
  }

  read(): Reader<Buffer> {
    return new LevelReader(this.#db, undefined);
  }

  begin(): Reader<Buffer> {
    return new LevelReader(this.#db, this.#db.snapshot());
  }

  update(fn: (writer: Writer<Buffer>) => void): Promise<void> {
    const pending = new Pending(this.#db);
    fn(pending);
    return this.#db.batch(pending.writes);
  }

  close(): Promise<void> {
    return this.#db.close();
  }
}

class LevelReader extends Gets<Buffer> implements Reader<Buffer> {
  readonly #db: Level;
  readonly #snapshot: AbstractSnapshot | undefined;

  constructor(db: Level, snapshot: AbstractSnapshot | undefined) {
    super();
    this.#db = db;
    this.#snapshot = snapshot;
  }

  get(key: Buffer): Buffer | undefined {
    const snapshot = this.#snapshot;
    return snapshot === undefined ? this.#db.getSync(key) : this.#db.getSync(key, { snapshot });
  }

  async forEach(fn: (key: unknown, value: Uint8Array) => void): Promise<void> {
    const iterator = this.#db.iterator({ snapshot: this.#snapshot });
    for (;;) {
      const pairs = await iterator.nextv(1000);
      if (pairs.length === 0) break;
      for (const [key, value] of pairs) fn(key, value);
    }
    await iterator.close();
  }

  discard(): void | Promise<void> {
    return this.#snapshot?.close();
  }
}

/** Writes that nobody else sees yet. */
class Pending implements Writer<Buffer> {
  readonly writes: { type: 'put'; key: Buffer; value: Buffer }[] = [];
  readonly #db: Level;
  readonly #own = new Map<string, Buffer>();

  constructor(db: Level) {
    this.#db = db;
  }

  tryGet(key: Buffer): Buffer | undefined {
    if (this.#own.size === 0) return this.#db.getSync(key);
    return this.#own.get(key.toString('latin1')) ?? this.#db.getSync(key);
  }

  put(key: Buffer, value: Uint8Array): void {
    const copy = Buffer.from(value);
    this.#own.set(key.toString('latin1'), copy);
    this.writes.push({ type: 'put', key, value: copy });
  }
}

export const memoryLevel: Subject = {
  name: 'memory-level',
  open: () => LevelStore.open(),
};
