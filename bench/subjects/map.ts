import * as crypto from 'node:crypto';
import { digests, varint } from './digest.js';
import { Gets, type Reader, type Store, type Subject, type Writer } from './subject.js';

/**
 * What people write by hand: a Map from the key's digest, as text, to the value. It has no
 * snapshots: `begin` costs nothing and gives nothing. Values are copied in, so that a caller's change
 * does not reach the store, but not out. It does not keep the keys' parts.
 */
abstract class MapStore<A> extends Gets<string> implements Store<A, string>, Reader<string> {
  readonly #values = new Map<string, Buffer>();

  abstract readonly account: (url: string) => A;
  abstract readonly head: (account: A) => string;
  abstract readonly state: (account: A, index: number | bigint) => string;
  abstract readonly element: (account: A, index: number) => string;
  abstract readonly elementIndex: (account: A, hash: Uint8Array) => string;

  get(key: string): Buffer | undefined {
    return this.#values.get(key);
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

/** A hash object for every part of a key; keys in hex. */
class SimpleMap extends MapStore<Buffer> {
  readonly account = digests.account;
  readonly head = (account: Buffer) => hex(digests.head(account));
  readonly state = (account: Buffer, index: number | bigint) => hex(digests.state(account, index));
  readonly element = (account: Buffer, index: number) => hex(digests.element(account, index));
  readonly elementIndex = (account: Buffer, hash: Uint8Array) =>
    hex(digests.elementIndex(account, hash));
}

const hex = (digest: Buffer) => digest.toString('hex');

/** The digests of the leading parts of an account's keys. */
interface Stems {
  readonly chain: Buffer;
  readonly states: Buffer;
  readonly element: Buffer;
  readonly elementIndex: Buffer;
}

/** One hash in one call for every key, of a remembered digest and the last part; binary keys. */
class CarefulMap extends MapStore<Stems> {
  readonly account = (url: string) => {
    const stem = (...parts: string[]) => digests.stem(digests.account(url), ...parts);
    const [states, element, elementIndex] = [stem('States'), stem('Element'), stem('ElementIndex')];
    return { chain: stem(), states, element, elementIndex };
  };
  readonly head = ({ chain }: Stems) => last(chain, HEAD);
  readonly state = ({ states }: Stems, index: number | bigint) => last(states, varint(index));
  readonly elementIndex = ({ elementIndex }: Stems, hash: Uint8Array) => last(elementIndex, hash);
  readonly element = ({ element }: Stems, index: number) => {
    input.set(element);
    let at = element.length;
    let rest = index;
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) input[at++] = (rest & 0x7f) | 0x80;
    input[at++] = rest;
    return hash(at);
  };
}

const HEAD = Buffer.from('Head');
const input = Buffer.alloc(64);
/** The first bytes of `input`, by their number. */
const inputs = Array.from({ length: input.length + 1 }, (_, length) => input.subarray(0, length));

function last(stem: Buffer, part: Uint8Array): string {
  input.set(stem);
  input.set(part, stem.length);
  return hash(stem.length + part.length);
}

/** The digest of the first `length` bytes of `input`. */
function hash(length: number): string {
  const bytes = inputs[length] as Buffer;
  // Node.js has the one-shot call from 20.12 and 21.7 on.
  if (crypto.hash === undefined) {
    return crypto.createHash('sha256').update(bytes).digest('binary');
  }
  return crypto.hash('sha256', bytes, 'binary');
}

export const mapSimple: Subject = { name: 'map-simple', open: () => new SimpleMap() };
export const mapCareful: Subject = { name: 'map-careful', open: () => new CarefulMap() };
