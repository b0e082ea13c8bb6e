import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, open, type Transaction } from 'lmdb';
import { digests } from './digest.js';
import { Gets, type Reader, type Store, type Subject, type Writer } from './subject.js';

/** A file system in memory if there is one, else the folder for temporary files. */
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** The files of this process, removed when it exits. */
const FOLDER = mkdtempSync(join(MEMORY, 'memdb-bench-'));
process.once('exit', () => rmSync(FOLDER, { recursive: true, force: true }));
let stores = 0;

/** lmdb, never synchronised with a disk, keyed by digests. Its own getMany returns a promise. */
class LmdbStore extends Gets<Buffer> implements Store<Buffer, Buffer>, Reader<Buffer> {
  readonly account = digests.account;
  readonly head = digests.head;
  readonly state = digests.state;
  readonly element = digests.element;
  readonly elementIndex = digests.elementIndex;

  protected readonly db: Database<Buffer, Buffer>;
  readonly #path = join(FOLDER, `${stores++}`);

  constructor() {
    super();
    this.db = open({
      path: this.#path,
      keyEncoding: 'binary',
      encoding: 'binary',
      noSync: true,
      mapSize: 2 ** 33,
    });
  }

  get(key: Buffer): Buffer | undefined {
    return this.db.getBinary(key);
  }

  forEach(fn: (key: unknown, value: Uint8Array) => void): void {
    for (const { key, value } of this.db.getRange()) fn(key, value);
  }

  put(key: Buffer, value: Uint8Array): void {
    this.db.putSync(key, value as Buffer);
  }

  discard(): void {}

  read(): Reader<Buffer> {
    return this;
  }

  begin(): Reader<Buffer> {
    return new LmdbSnapshot(this.db);
  }

  update(fn: (writer: Writer<Buffer>) => void): void {
    this.db.transactionSync(() => fn(this));
  }

  async close(): Promise<void> {
    await this.db.close();
    rmSync(this.#path, { recursive: true });
  }
}

/** The same, read into lmdb's one buffer: the next read overwrites the value. */
class LmdbFastStore extends LmdbStore {
  override get(key: Buffer): Buffer | undefined {
    return this.db.getBinaryFast(key);
  }
}

class LmdbSnapshot extends Gets<Buffer> implements Reader<Buffer> {
  readonly #db: Database<Buffer, Buffer>;
  readonly #transaction: Transaction;

  constructor(db: Database<Buffer, Buffer>) {
    super();
    this.#db = db;
    this.#transaction = db.useReadTransaction();
  }

  get(key: Buffer): Buffer | undefined {
    // As getBinary does, but its declaration takes no transaction.
    return this.#db.get(key, { transaction: this.#transaction });
  }

  forEach(fn: (key: unknown, value: Uint8Array) => void): void {
    const range = this.#db.getRange({ transaction: this.#transaction });
    for (const { key, value } of range) fn(key, value);
  }

  discard(): void {
    this.#transaction.done();
  }
}

export const lmdb: Subject = { name: 'lmdb', open: () => new LmdbStore() };
export const lmdbFast: Subject = { name: 'lmdb-fast', open: () => new LmdbFastStore() };
