/*
 * Writes Bolt files as bbolt does, from the facts of its format (etcd-io/bbolt: page.go, node.go, bucket.go,
 * freelist.go and db.go of version 1.3). It shares no code with the reader.
 *
 * All numbers are little-endian. A page has a header: uint64 page, uint16 type (1 branch, 2 leaf, 4 meta,
 * 16 free list), uint16 count, uint32 overflow pages. Elements follow. Of a leaf: uint32 flags (1: bucket),
 * position, key size, value size. Of a branch: uint32 position, key size, uint64 page. Positions count from
 * the element. After the elements come key and value of each. The value of a bucket is uint64 root page,
 * uint64 sequence; the root page is 0 if the page itself follows. The free list has uint64 pages in order.
 */

/** A bucket: its elements by key, which has one character for each byte. */
export type TestBucket = Map<string, Buffer | TestBucket>;

interface Inode {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly flags: number;
  readonly child: number;
}

interface WrittenPage {
  readonly id: number;
  readonly pages: number;
}

const HEADER = 16;
const ELEMENT = 16;

/** A Bolt file, one commit after the other. The pages of earlier commits stay in it as free pages. */
export class BoltWriter {
  readonly #pages: Buffer[] = [];
  /** The page of the root bucket and of the free list, by commit. */
  readonly #commits: { root: number; freeList: number; pages: number; written: WrittenPage[] }[] =
    [];
  #written: WrittenPage[] = [];

  constructor(readonly pageSize: number) {
    this.#pages = [Buffer.alloc(pageSize), Buffer.alloc(pageSize)];
  }

  /** Writes a state of the whole file. */
  commit(root: TestBucket): this {
    this.#written = [];
    const top = this.#tree(this.#inodes(root));
    const free = this.#commits
      .flatMap(({ written }) => written)
      .flatMap(({ id, pages }) => Array.from({ length: pages }, (_, i) => id + i))
      .sort((a, b) => a - b);
    const many = free.length >= 0xffff;
    const list = Buffer.alloc(HEADER + 8 * (free.length + (many ? 1 : 0)));
    list.writeUInt16LE(16, 8);
    list.writeUInt16LE(many ? 0xffff : free.length, 10);
    if (many) list.writeBigUInt64LE(BigInt(free.length), HEADER);
    for (const [i, page] of free.entries()) {
      list.writeBigUInt64LE(BigInt(page), HEADER + 8 * (i + (many ? 1 : 0)));
    }
    const freeList = this.#write(list);
    const pages = this.#pages.length;
    this.#commits.push({ root: top, freeList, pages, written: this.#written });
    const number = this.#commits.length;
    this.#pages[number % 2] = metaPage(this.pageSize, number % 2, {
      root: top,
      freeList,
      pages,
      commit: number,
    });
    return this;
  }

  /** Returns the file. */
  bytes(): Buffer {
    if (this.#commits.length < 2) throw new Error('a file of less than two commits');
    return Buffer.concat(this.#pages);
  }

  #inodes(bucket: TestBucket): Inode[] {
    return [...bucket]
      .map(([name, content]) => ({ key: Buffer.from(name, 'latin1'), content }))
      .sort((a, b) => a.key.compare(b.key))
      .map(({ key, content }): Inode => {
        if (Buffer.isBuffer(content)) return { key, value: content, flags: 0, child: 0 };
        return { key, value: this.#bucket(content), flags: 1, child: 0 };
      });
  }

  /** Returns the value of a bucket. A small one without buckets has its page in the value. */
  #bucket(bucket: TestBucket): Buffer {
    const inodes = this.#inodes(bucket);
    const page = pageBytes(2, inodes);
    const inline = page.length <= this.pageSize / 4 && inodes.every(({ flags }) => flags === 0);
    const head = Buffer.alloc(16);
    if (inline) return Buffer.concat([head, page]);
    head.writeBigUInt64LE(BigInt(this.#tree(inodes)));
    return head;
  }

  /** Writes the pages of a tree, and returns its root page. */
  #tree(inodes: Inode[]): number {
    let level = inodes;
    for (let type = 2; ; type = 1) {
      const groups = this.#split(type, level);
      level = groups.map((group) => ({
        key: group[0]?.key ?? Buffer.alloc(0),
        value: Buffer.alloc(0),
        flags: 0,
        child: this.#write(pageBytes(type, group)),
      }));
      if (level.length === 1) return (level[0] as Inode).child;
    }
  }

  /** Splits a level into pages. A page has two elements at least. */
  #split(type: number, inodes: Inode[]): Inode[][] {
    const groups: Inode[][] = [[]];
    let size = HEADER;
    for (const inode of inodes) {
      const own = ELEMENT + inode.key.length + (type === 2 ? inode.value.length : 0);
      if ((groups.at(-1) as Inode[]).length >= 2 && size + own > this.pageSize) {
        groups.push([]);
        size = HEADER;
      }
      (groups.at(-1) as Inode[]).push(inode);
      size += own;
    }
    return groups;
  }

  #write(bytes: Buffer): number {
    const id = this.#pages.length;
    const count = Math.ceil(bytes.length / this.pageSize);
    // What bbolt leaves behind the contents of a page is not always zero.
    const whole = Buffer.alloc(count * this.pageSize, 0xee);
    whole.set(bytes);
    whole.writeBigUInt64LE(BigInt(id), 0);
    whole.writeUInt32LE(count - 1, 12);
    for (let i = 0; i < count; i++) {
      this.#pages.push(whole.subarray(i * this.pageSize, (i + 1) * this.pageSize));
    }
    this.#written.push({ id, pages: count });
    return id;
  }
}

/** The contents of a page; its number and its overflow are those of a page in a bucket: 0. */
function pageBytes(type: number, inodes: readonly Inode[]): Buffer {
  const head = Buffer.alloc(HEADER + ELEMENT * inodes.length);
  head.writeUInt16LE(type, 8);
  head.writeUInt16LE(inodes.length, 10);
  const data: Buffer[] = [];
  let end = head.length;
  for (const [i, { key, value, flags, child }] of inodes.entries()) {
    const at = HEADER + ELEMENT * i;
    if (type === 2) {
      head.writeUInt32LE(flags, at);
      head.writeUInt32LE(end - at, at + 4);
      head.writeUInt32LE(key.length, at + 8);
      head.writeUInt32LE(value.length, at + 12);
      data.push(key, value);
      end += key.length + value.length;
    } else {
      head.writeUInt32LE(end - at, at);
      head.writeUInt32LE(key.length, at + 4);
      head.writeBigUInt64LE(BigInt(child), at + 8);
      data.push(key);
      end += key.length;
    }
  }
  return Buffer.concat([head, ...data]);
}

/** What a meta page says. */
export interface TestMeta {
  readonly root: number | bigint;
  readonly freeList: number | bigint;
  readonly pages: number | bigint;
  readonly commit: number | bigint;
}

/** A meta page with its checksum. */
export function metaPage(
  pageSize: number,
  id: number,
  { root, freeList, pages, commit }: TestMeta,
): Buffer {
  const page = Buffer.alloc(Math.max(pageSize, 80));
  page.writeBigUInt64LE(BigInt(id), 0);
  page.writeUInt16LE(4, 8);
  page.writeUInt32LE(0xed0cdaed, 16);
  page.writeUInt32LE(2, 20);
  page.writeUInt32LE(pageSize, 24);
  page.writeBigUInt64LE(BigInt(root), 32);
  page.writeBigUInt64LE(BigInt(freeList), 48);
  page.writeBigUInt64LE(BigInt(pages), 56);
  page.writeBigUInt64LE(BigInt(commit), 64);
  let hash = 0xcbf29ce484222325n;
  for (const byte of page.subarray(16, 72)) {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  page.writeBigUInt64LE(hash, 72);
  return page;
}
