import { EncodingError } from '../../index.js';
import type { Section } from './sections.js';
import type { Window } from './window.js';

/** An entry: 2 bytes of section number, 6 of offset in that section, and the key's digest. */
const ENTRY_SIZE = 40;
const DIGEST_AT = 8;
/** The largest index that is read, in bytes. It lists about 50 million records. */
const MAX_SIZE = 2 ** 31;
/** How much of the index is read at once: a multiple of the entry's size. */
const CHUNK_SIZE = ENTRY_SIZE * 4096;

/** A snapshot's index: the place of each record, by the digest of its key. */
export class SnapshotIndex {
  readonly #bytes: Buffer;

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Reads the index. Throws `EncodingError` unless it is a list of entries in the order of their digests. */
  static async read(window: Window, section: Section): Promise<SnapshotIndex> {
    const { number, start, size } = section;
    if (size % ENTRY_SIZE !== 0) {
      throw new EncodingError(`section ${number}: an index of ${size} bytes, not a multiple of 40`);
    }
    if (size > MAX_SIZE) {
      throw new EncodingError(
        `section ${number}: an index of ${size} bytes, more than ${MAX_SIZE}`,
      );
    }
    const bytes = Buffer.allocUnsafe(size);
    // Each piece is checked before the next is read, so a bad index fills no memory.
    for (let from = 0; from < size; from += CHUNK_SIZE) {
      const end = Math.min(from + CHUNK_SIZE, size);
      bytes.set(await window.read(start + from, end - from), from);
      for (let at = Math.max(from, ENTRY_SIZE); at < end; at += ENTRY_SIZE) {
        const before = at - ENTRY_SIZE + DIGEST_AT;
        if (bytes.compare(bytes, before, at, at + DIGEST_AT, at + ENTRY_SIZE) > 0) continue;
        throw new EncodingError(
          `section ${number}: the index is out of order, at byte ${start + at}`,
        );
      }
    }
    return new SnapshotIndex(bytes);
  }

  /** How many records it lists. */
  get count(): number {
    return this.#bytes.length / ENTRY_SIZE;
  }

  /** Throws `EncodingError` that begins with `what` unless the index has this section and offset for the digest. */
  check(digest: Uint8Array, section: number, offset: number, what: string): void {
    const at = this.#find(digest);
    if (at < 0) throw new EncodingError(`${what}: its digest is not in the index`);
    const inSection = this.#bytes.readUInt16BE(at);
    const inOffset = this.#bytes.readUIntBE(at + 2, 6);
    if (inSection === section && inOffset === offset) return;
    throw new EncodingError(
      `${what}: the index has it in section ${inSection}, at byte ${inOffset} of that section`,
    );
  }

  /** Returns the offset of the entry of `digest`, or -1. */
  #find(digest: Uint8Array): number {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const at = middle * ENTRY_SIZE;
      // This compares the entry's digest with the other one.
      const order = this.#bytes.compare(digest, 0, digest.length, at + DIGEST_AT, at + ENTRY_SIZE);
      if (order === 0) return at;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}

/** The entries of a snapshot's index, before they are sorted. */
export class IndexWriter {
  #bytes = Buffer.alloc(CHUNK_SIZE);
  #size = 0;

  /** Adds a record: the number of its section, its offset there, and the digest of its key. */
  add(section: number, offset: number, digest: Uint8Array): void {
    if (this.#size === this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#size)]);
    }
    const at = this.#size;
    this.#bytes.writeUInt16BE(section, at);
    this.#bytes.writeUIntBE(offset, at + 2, 6);
    this.#bytes.set(digest, at + DIGEST_AT);
    this.#size += ENTRY_SIZE;
  }

  /** How many bytes the index has. */
  get size(): number {
    return this.#size;
  }

  /** Returns the contents of the index section. Throws `EncodingError` if two records have one digest. */
  sorted(): Buffer[] {
    const chunks: Buffer[] = [];
    const order = this.#order();
    let last: Buffer | undefined;
    for (let from = 0; from < order.length; from += CHUNK_SIZE / ENTRY_SIZE) {
      const part = order.subarray(from, from + CHUNK_SIZE / ENTRY_SIZE);
      const chunk = Buffer.allocUnsafe(part.length * ENTRY_SIZE);
      for (const [i, entry] of part.entries()) {
        const bytes = this.#entry(entry);
        if (last?.equals(bytes.subarray(DIGEST_AT))) {
          throw new EncodingError(`two records have the digest ${last.toString('hex')}`);
        }
        last = bytes.subarray(DIGEST_AT);
        chunk.set(bytes, i * ENTRY_SIZE);
      }
      chunks.push(chunk);
    }
    return chunks;
  }

  #entry(number: number): Buffer {
    return this.#bytes.subarray(number * ENTRY_SIZE, (number + 1) * ENTRY_SIZE);
  }

  /** Returns the numbers of the entries in the order of their digests. */
  #order(): Uint32Array {
    // Sorting numbers is many times as fast as comparing bytes. The first 4 bytes of digests seldom agree.
    const count = this.#size / ENTRY_SIZE;
    const keyed = new BigUint64Array(count);
    for (let i = 0; i < count; i++) {
      const first = this.#bytes.readUInt32BE(i * ENTRY_SIZE + DIGEST_AT);
      keyed[i] = (BigInt(first) << 32n) | BigInt(i);
    }
    keyed.sort();
    const order = Uint32Array.from(keyed, (key) => Number(key & 0xffffffffn));
    for (let start = 0; start < count; ) {
      const first = (keyed[start] as bigint) >> 32n;
      let end = start + 1;
      while (end < count && (keyed[end] as bigint) >> 32n === first) end++;
      if (end - start > 1) {
        order
          .subarray(start, end)
          .sort((a, b) => this.#entry(a).compare(this.#entry(b), DIGEST_AT, ENTRY_SIZE, DIGEST_AT));
      }
      start = end;
    }
    return order;
  }
}
