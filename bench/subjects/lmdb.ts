import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, open, type Transaction } from 'lmdb';
import { digests } from './digest.js';
import type { Reader, Store, Subject, Writer } from './subject.js';

/** Memory where the system has a file system in it; elsewhere the system's folder for such files. */
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** This process's files, which do not outlive it. */
const FOLDER = mkdtempSync(join(MEMORY, 'memdb-bench-'));
process.once('exit', () => rmSync(FOLDER, { recursive: true, force: true }));
let stores = 0;

/** lmdb, never synchronised with a disk, keyed by digests. */
class LmdbStore implements Store<Buffer, Buffer>, Writer<Buffer>, Reader<Buffer> {
  readonly account = digests.account;
  readonly head = digests.head;
  readonly state = digests.state;
  readonly element = digests.element;
  readonly elementIndex = digests.elementIndex;

  protected readonly db: Database<Buffer, Buffer>;
  readonly #path = join(FOLDER, `${stores++}`);

  constructor() {
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

  tryGet(key: Buffer): Buffer | undefined {
    return this.db.getBinary(key);
  }

  getMany(keys: readonly Buffer[]): (Buffer | undefined)[] {
    // Its own getMany answers with a promise, and later.
    return keys.map((key) => this.get(key));
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

/** The same, read into lmdb's one buffer: a value is gone with the next read. */
class LmdbFastStore extends LmdbStore {
  override get(key: Buffer): Buffer | undefined {
    return this.db.getBinaryFast(key);
  }

  override tryGet(key: Buffer): Buffer | undefined {
    return this.db.getBinaryFast(key);
  }
}

class LmdbSnapshot implements Reader<Buffer> {
  readonly #db: Database<Buffer, Buffer>;
  readonly #transaction: Transaction;

  constructor(db: Database<Buffer, Buffer>) {
    this.#db = db;
    this.#transaction = db.useReadTransaction();
  }

  get(key: Buffer): Buffer | undefined {
    // What getBinary does, but its declaration takes no transaction.
    return this.#db.get(key, { transaction: this.#transaction });
  }

  tryGet(key: Buffer): Buffer | undefined {
    return this.get(key);
  }

  getMany(keys: readonly Buffer[]): (Buffer | undefined)[] {
    return keys.map((key) => this.get(key));
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
export const lmdbFast: Subject = {
  name: 'lmdb-fast',

  open: () => new LmdbFastStore(),
};
