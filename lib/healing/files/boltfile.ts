import type { FileHandle } from 'node:fs/promises';
import { EncodingError } from '../../index.js';
import type { BoltMeta } from './boltmeta.js';
import {
  BoltPage,
  type Branch,
  type Leaf,
  PAGE_HEADER_SIZE,
  type PageHeader,
  PageType,
} from './boltpage.js';
import { PageSet } from './pageset.js';
import { Window } from './window.js';

/** The head of a bucket's value, little-endian: uint64 root page and sequence. */
const BUCKET_SIZE = 16;
/** What refers to the pages that are named in a meta page. */
const META_PAGE = 'page 0 or 1';
/** The first page that is not a meta page. */
const FIRST_PAGE = 2;
/** How many levels a tree can have. */
const MAX_DEPTH = 64;
/** How much of the file each level of a tree keeps in memory. */
const WINDOW_SIZE = 1 << 16;
/** A list of free pages may be left out: then this is its page. */
const NO_FREE_LIST = 0xffff_ffff_ffff_ffffn;
/** A list of at least this many free pages has their number before them. */
const MANY_FREE = 0xffff;

/** The trees of pages of a Bolt file. Each page can be used once, so no damage makes reading endless. */
export class BoltFile {
  readonly #file: FileHandle;
  readonly #meta: BoltMeta;
  readonly #free = new PageSet();
  readonly #used = new PageSet();
  // A bucket is read while the walk over the root bucket waits.
  readonly #rootWindows: Window[] = [];
  readonly #bucketWindows: Window[] = [];

  constructor(file: FileHandle, meta: BoltMeta) {
    this.#file = file;
    this.#meta = meta;
  }

  /** Reads the list of free pages, which no tree may use. Memory holds a bit for each page. */
  async readFreeList(): Promise<void> {
    const { freeList, pages } = this.#meta;
    if (freeList === NO_FREE_LIST) return;
    const window = new Window(this.#file, WINDOW_SIZE);
    const { what, type, count, start, size } = await this.#header(window, freeList, META_PAGE);
    if (type !== PageType.FreeList) throw new EncodingError(`${what}: not a list of free pages`);
    let at = start + PAGE_HEADER_SIZE;
    let left = BigInt(count);
    if (count === MANY_FREE) {
      left = (await window.read(at, 8)).readBigUInt64LE();
      at += 8;
    }
    if (left > (start + size - at) / 8) {
      throw new EncodingError(`${what}: ${left} free pages in ${size} bytes`);
    }
    for (let last = FIRST_PAGE - 1; left > 0n; left--, at += 8) {
      const page = (await window.read(at, 8)).readBigUInt64LE();
      if (page <= last || page >= pages) {
        throw new EncodingError(`${what}: free page ${page} of ${pages}, after page ${last}`);
      }
      last = Number(page);
      this.#free.add(last);
    }
  }

  /** Yields the elements of the root bucket in the order of their keys: these are the buckets. */
  async *buckets(): AsyncGenerator<Leaf, void, undefined> {
    const windows = this.#rootWindows;
    yield* this.#walk(await this.#page(this.#meta.root, META_PAGE, windows, 0), windows);
  }

  /** Yields the elements of the bucket that `element` is, in the order of their keys. */
  async *elements(element: Leaf): AsyncGenerator<Leaf, void, undefined> {
    const { value, what } = element;
    const windows = this.#bucketWindows;
    const root = value.length < BUCKET_SIZE ? 0n : value.readBigUInt64LE();
    if (root === 0n) yield* this.#walk(inlinePage(value, what), windows);
    else if (value.length > BUCKET_SIZE) {
      throw new EncodingError(
        `${what}: page ${root} and more in a bucket of ${value.length} bytes`,
      );
    } else yield* this.#walk(await this.#page(root, what, windows, 0), windows);
  }

  async *#walk(root: BoltPage, windows: Window[]): AsyncGenerator<Leaf, void, undefined> {
    const path = [root];
    /** The key of the last element. The child of a branch may begin with the key that the branch has. */
    let last: Branch | Leaf | undefined;
    for (let page = path.at(-1); page; page = path.at(-1)) {
      const element = page.isBranch ? await page.branch() : await page.leaf();
      if (!element) {
        path.pop();
        continue;
      }
      const order = last ? element.key.compare(last.key) : 1;
      if (order < 0 || (order === 0 && last && !('child' in last))) {
        throw new EncodingError(`${element.what}: its key is not after the key before it`);
      }
      last = element;
      if (!('child' in element)) {
        yield element;
        continue;
      }
      const { child, what } = element;
      if (path.length === MAX_DEPTH)
        throw new EncodingError(`${what}: more than ${MAX_DEPTH} levels`);
      path.push(await this.#page(child, what, windows, path.length));
    }
  }

  /** Returns a page of a tree, at `level` of it. `from` says what refers to it. */
  async #page(id: bigint, from: string, windows: Window[], level: number): Promise<BoltPage> {
    windows[level] ??= new Window(this.#file, WINDOW_SIZE);
    const window = windows[level];
    const header = await this.#header(window, id, from);
    const { what, type, count } = header;
    if (type !== PageType.Branch && type !== PageType.Leaf) {
      throw new EncodingError(`${what}: a page of type ${type}, in the tree of a bucket`);
    }
    if (count === 0 && (level > 0 || type === PageType.Branch)) {
      throw new EncodingError(`${what}: no elements`);
    }
    return new BoltPage(window, header);
  }

  /** Reads the header of a page, and notes that the page is used. Throws `EncodingError` if it was used before. */
  async #header(window: Window, id: bigint, from: string): Promise<PageHeader> {
    const { pages, pageSize } = this.#meta;
    if (id < FIRST_PAGE || id >= pages) {
      throw new EncodingError(
        `${from}: it refers to page ${id}, of pages ${FIRST_PAGE} to ${pages - 1}`,
      );
    }
    const page = Number(id);
    const what = `page ${page}`;
    const start = page * pageSize;
    const head = await window.read(start, PAGE_HEADER_SIZE);
    const own = head.readBigUInt64LE();
    if (own !== id) throw new EncodingError(`${what}: its header is that of page ${own}`);
    const overflow = head.readUInt32LE(12);
    if (overflow >= pages - page) {
      throw new EncodingError(
        `${what}: it has ${overflow} more pages, and the file ${pages} in all`,
      );
    }
    for (let next = page; next <= page + overflow; next++) {
      const fault = this.#free.has(next) ? 'is a free page' : 'is used twice';
      if (this.#free.has(next) || this.#used.has(next)) {
        throw new EncodingError(`page ${next} ${fault}, by ${from} now`);
      }
      this.#used.add(next);
    }
    return {
      what,
      type: head.readUInt16LE(8),
      count: head.readUInt16LE(10),
      start,
      size: (overflow + 1) * pageSize,
      least: overflow * pageSize,
    };
  }
}

/** Returns the leaf page that the value of a small bucket contains. */
function inlinePage(bucket: Buffer, element: string): BoltPage {
  const what = `${element}, inline page`;
  const size = bucket.length - BUCKET_SIZE;
  if (size < PAGE_HEADER_SIZE) {
    throw new EncodingError(`${what}: a bucket of ${bucket.length} bytes without a page`);
  }
  const bytes = bucket.subarray(BUCKET_SIZE);
  const type = bytes.readUInt16LE(8);
  if (type !== PageType.Leaf || bytes.readBigUInt64LE() !== 0n || bytes.readUInt32LE(12) !== 0) {
    throw new EncodingError(`${what}: the page in its bucket is no leaf`);
  }
  const count = bytes.readUInt16LE(10);
  const source = { read: async (at: number, n: number) => bytes.subarray(at, at + n) };
  return new BoltPage(source, { what, type, count, start: 0, size, least: size });
}
