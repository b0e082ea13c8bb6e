import { EncodingError } from '../../index.js';

/** A page's header, little-endian: uint64 page, uint16 type, uint16 count, uint32 overflow pages. */
export const PAGE_HEADER_SIZE = 16;
/** An element of a leaf or of a branch. Its key and its value stand after all elements of the page. */
const ELEMENT_SIZE = 16;

/** The types of pages. */
export const PageType = { Branch: 1, Leaf: 2, FreeList: 16 } as const;

/** Of an element of a leaf: its value is a bucket. */
const BUCKET_FLAG = 1;

/** The longest key that bbolt writes, in bytes. */
const MAX_KEY = 32768;
/** The longest value that is read, in bytes. */
const MAX_VALUE = 64 << 20;

/** An element of a leaf: a record, or a bucket. */
export interface Leaf {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly isBucket: boolean;
  /** Where it is, for errors. */
  readonly what: string;
}

/** An element of a branch: its child has the keys from `key` on. */
export interface Branch {
  readonly key: Buffer;
  readonly child: bigint;
  readonly what: string;
}

/** The place of a page in the file, and what its header says. */
export interface PageHeader {
  /** Begins the messages of errors, for example `page 3`. */
  readonly what: string;
  readonly type: number;
  readonly count: number;
  readonly start: number;
  /** How many bytes it has, with its overflow pages. */
  readonly size: number;
  /** How many of its bytes its contents must reach. */
  readonly least: number;
}

/** Where a page's bytes come from: a window on the file, or the value that the page is in. */
export interface ByteSource {
  read(at: number, length: number): Promise<Buffer>;
}

/**
 * Reads the elements of a leaf or branch page, one after the other. Keys and values must be in the order of
 * the elements, without gaps, as bbolt writes them. So damaged offsets and sizes are noticed.
 */
export class BoltPage {
  readonly #source: ByteSource;
  readonly #header: PageHeader;
  #next = 0;
  /** Where the next key begins in the page. */
  #data: number;

  /** Throws `EncodingError` unless the page has a possible number of elements. */
  constructor(source: ByteSource, header: PageHeader) {
    this.#source = source;
    this.#header = header;
    this.#data = PAGE_HEADER_SIZE + header.count * ELEMENT_SIZE;
    if (this.#data > header.size) {
      throw this.#error(`${header.count} elements in ${header.size} bytes`);
    }
  }

  get isBranch(): boolean {
    return this.#header.type === PageType.Branch;
  }

  /** Returns the next element of a leaf, or undefined at the end. */
  async leaf(): Promise<Leaf | undefined> {
    const element = await this.#element();
    if (!element) return undefined;
    const { head, what } = element;
    const flags = head.readUInt32LE(0);
    if (flags > BUCKET_FLAG) throw new EncodingError(`${what}: unknown flags ${flags}`);
    const keySize = head.readUInt32LE(8);
    const data = await this.#take(what, head.readUInt32LE(4), keySize, head.readUInt32LE(12));
    return {
      key: data.subarray(0, keySize),
      value: data.subarray(keySize),
      isBucket: flags === BUCKET_FLAG,
      what,
    };
  }

  /** Returns the next element of a branch, or undefined at the end. */
  async branch(): Promise<Branch | undefined> {
    const element = await this.#element();
    if (!element) return undefined;
    const { head, what } = element;
    const key = await this.#take(what, head.readUInt32LE(0), head.readUInt32LE(4), 0);
    return { key, child: head.readBigUInt64LE(8), what };
  }

  /** Returns the bytes of the next element, or undefined at the end. */
  async #element(): Promise<{ head: Buffer; what: string } | undefined> {
    const { start, count, least } = this.#header;
    if (this.#next === count) {
      if (this.#data >= least) return undefined;
      throw this.#error(`its contents end at byte ${this.#data}, before byte ${least}`);
    }
    const what = `${this.#header.what}, element ${this.#next}`;
    const at = PAGE_HEADER_SIZE + this.#next++ * ELEMENT_SIZE;
    return { head: await this.#source.read(start + at, ELEMENT_SIZE), what };
  }

  /** Returns the key and the value of the element that was read last. `position` counts from the element. */
  async #take(what: string, position: number, keySize: number, valueSize: number): Promise<Buffer> {
    const element = PAGE_HEADER_SIZE + (this.#next - 1) * ELEMENT_SIZE;
    const at = element + position;
    if (at !== this.#data) {
      throw new EncodingError(`${what}: its key is at byte ${at}, not at byte ${this.#data}`);
    }
    if (keySize === 0 || keySize > MAX_KEY) {
      throw new EncodingError(`${what}: a key of ${keySize} bytes, not of 1 to ${MAX_KEY}`);
    }
    if (keySize + valueSize > this.#header.size - at) {
      throw new EncodingError(
        `${what}: a key of ${keySize} and a value of ${valueSize} bytes, ` +
          `and the page has ${this.#header.size - at}`,
      );
    }
    if (valueSize > MAX_VALUE) {
      throw new EncodingError(`${what}: a value of ${valueSize} bytes, more than ${MAX_VALUE}`);
    }
    this.#data = at + keySize + valueSize;
    return this.#source.read(this.#header.start + at, keySize + valueSize);
  }

  #error(message: string): EncodingError {
    return new EncodingError(`${this.#header.what}: ${message}`);
  }
}
