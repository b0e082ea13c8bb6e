import { Key } from '../index.js';
import { storedForm } from '../record/encoding.js';
import { Reader } from '../record/reader.js';
import { MAX_VARINT, writeUvarint } from '../record/varint.js';

/** A put of a record has a value; a deletion has none. */
export interface Write {
  readonly key: Key;
  readonly value: Uint8Array | undefined;
}

/**
 * Where things are in the cluster. In a namespace, `r/<digest>` are the records. Every commit writes `h`, the
 * head. By `w/<writer>/<slot>`, a writer recognises its own commits.
 */
export class Layout {
  readonly head: Buffer;
  /** All records: from the first key to the one after the last. */
  readonly records: readonly [start: Buffer, end: Buffer];
  /** Head and records, without slots. */
  readonly followed: readonly [start: Buffer, end: Buffer];
  readonly #namespace: string;

  constructor(namespace: string) {
    this.#namespace = namespace;
    this.head = this.#key('h');
    this.records = [this.#key('r/'), this.#key('r0')];
    this.followed = [this.head, this.#key('r0')];
  }

  /** Throws `InvalidKeyError` if the key cannot be hashed. */
  record(key: Key): Buffer {
    return Buffer.concat([this.records[0], key.digest()]);
  }

  slot(writer: string, number: number): Buffer {
    return this.#key(`w/${writer}/${number}`);
  }

  isRecord(key: Buffer): boolean {
    const [start] = this.records;
    return key.length > start.length && key.subarray(0, start.length).equals(start);
  }

  /** The key of a record that has no stored key. */
  keyOfDigest(key: Buffer): Key {
    return Key.fromHash(key.subarray(this.records[0].length));
  }

  #key(name: string): Buffer {
    return Buffer.from(this.#namespace + name);
  }
}

/**
 * Returns a record as the cluster keeps it: a varint length, the key in its stored form, and the value. For a
 * key that starts from a digest, the length is 0. Other replicas know such a key by its digest alone.
 */
export function encodeRecord(key: Key, value: Uint8Array): Buffer {
  const stored = key.base === undefined ? storedForm(key.parts, undefined) : new Uint8Array();
  const length = Buffer.alloc(MAX_VARINT);
  const head = length.subarray(0, writeUvarint(stored.length, length, 0));
  return Buffer.concat([head, stored, value]);
}

/** What a record of the cluster holds. Key and value share memory with the record. */
export interface Stored {
  readonly key: Key | undefined;
  readonly value: Buffer;
}

/** Reads a record. Throws `EncodingError` if it is malformed. A malformed key may throw that only when it is used. */
export function decodeRecord(bytes: Buffer): Stored {
  const reader = new Reader(bytes, 'a record of the cluster');
  const stored = reader.bytes();
  const key = stored.length === 0 ? undefined : Key.restore(stored);
  return { key, value: bytes.subarray(reader.position) };
}
