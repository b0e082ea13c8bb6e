import { digests } from './digest.js';
import type { Reader, Store, Subject, Writer } from './subject.js';

/**
 * What people write by hand: a Map from the key's digest, in hex, to the value. It has no
 * snapshots: `begin` costs it nothing and gives nothing. Values are copied in, so that a caller's
 * change does not reach the store, but not out. Keys cannot be had back from it.
 */
class MapStore implements Store<Buffer, string>, Reader<string> {
  readonly #values = new Map<string, Buffer>();

  account(url: string): Buffer {
    return digests.account(url);
  }

  head(account: Buffer): string {
    return digests.head(account).toString('hex');
  }

  state(account: Buffer, index: number | bigint): string {
    return digests.state(account, index).toString('hex');
  }

  element(account: Buffer, index: number): string {
    return digests.element(account, index).toString('hex');
  }

  elementIndex(account: Buffer, hash: Uint8Array): string {
    return digests.elementIndex(account, hash).toString('hex');
  }

  get(key: string): Buffer | undefined {
    return this.#values.get(key);
  }

  tryGet(key: string): Buffer | undefined {
    return this.#values.get(key);
  }

  getMany(keys: readonly string[]): (Buffer | undefined)[] {
    return keys.map((key) => this.#values.get(key));
  }

  forEach(fn: (key: unknown, value: Uint8Array) => void): void {
    for (const [key, value] of this.#values) fn(key, value);
  }

  discard(): void {}

  read(): Reader<string> {
    return this;
  }

  begin(): Reader<string> {
    return this;
  }

  update(fn: (writer: Writer<string>) => void): void {
    const pending = new Pending(this.#values);
    fn(pending);
    for (const [key, value] of pending.writes) this.#values.set(key, value);
  }

  close(): void {
    this.#values.clear();
  }
}

/** Writes that nobody else sees yet. */
class Pending implements Writer<string> {
  readonly writes = new Map<string, Buffer>();
  readonly #under: Map<string, Buffer>;

  constructor(under: Map<string, Buffer>) {
    this.#under = under;
  }

  tryGet(key: string): Buffer | undefined {
    return this.writes.get(key) ?? this.#under.get(key);
  }

  put(key: string, value: Uint8Array): void {
    this.writes.set(key, Buffer.from(value));
  }
}

export const map: Subject = { name: 'map', open: () => new MapStore() };
