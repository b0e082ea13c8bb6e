import { EncodingError } from '../../index.js';
import type { Window } from './window.js';

/*
 * A meta page has the header of a page (16 bytes). These little-endian numbers follow:
 *
 * - uint32: magic, version, page size, flags;
 * - uint64: page and sequence of the root bucket, page of the free list, number of pages, number of the
 *   commit;
 * - uint64: FNV-1a of the bytes from the magic on.
 */
const HEADER_SIZE = 16;
const CHECKED_SIZE = 56;
const META_SIZE = HEADER_SIZE + CHECKED_SIZE + 8;
const MAGIC = 0xed0cdaed;
/** The version of the format that can be read. */
const VERSION = 2;

/** bbolt writes pages of the operating system's page size, and looks for page 1 at these places. */
const PAGE_SIZES = Array.from({ length: 16 }, (_, i) => 1024 << i);
const MIN_PAGE_SIZE = 512;
const MAX_PAGE_SIZE = 1024 << 15;
/** With these, every offset in a file is a safe integer. */
const MAX_PAGES = 2n ** 28n;
const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/** What the meta page of a Bolt file says. */
export interface BoltMeta {
  readonly pageSize: number;
  /** The page of the root bucket, which has the other buckets. */
  readonly root: bigint;
  /** The page of the list of free pages. */
  readonly freeList: bigint;
  /** How many pages the file has, free ones included. */
  readonly pages: number;
  /** The number of the commit that wrote it. */
  readonly commit: bigint;
}

/**
 * Returns whether a file of `fileSize` bytes is a Bolt file. It is if page 0 has the magic, or if there is a
 * valid page 1.
 */
export async function isBolt(window: Window, fileSize: number): Promise<boolean> {
  if (fileSize < META_SIZE) return false;
  const head = await window.read(0, META_SIZE);
  if (head.readUInt32LE(HEADER_SIZE) === MAGIC) return true;
  // A snapshot may contain whatever its sections contain.
  if (head[0] !== 0 || head[1] !== 0) return false;
  return (await findSecond(window, fileSize)).meta !== undefined;
}

/**
 * Returns the meta page that counts: of two valid ones, that of the later commit. If one of them is
 * damaged, the other one counts, and this calls `onNote`.
 *
 * If the damaged one belongs to the later commit, this throws `EncodingError`. The other one has only the
 * records of the commit before.
 */
export async function readMeta(
  window: Window,
  fileSize: number,
  onNote?: (note: string) => void,
): Promise<BoltMeta> {
  const first = await copyAt(window, 0, 0, fileSize);
  const second = first.meta
    ? await copyAt(window, 1, first.meta.pageSize, fileSize)
    : await findSecond(window, fileSize);
  const later = [first, second].reduce((a, b) => (commitOf(b) > commitOf(a) ? b : a));
  const other = later === first ? second : first;
  const meta = later.meta;
  if (!meta) {
    throw new EncodingError(`page 0: ${first.fault}; page 1 cannot replace it: ${second.fault}`);
  }
  if (other.fault !== undefined) {
    const next = meta.commit + 1n;
    if (isOfCommit(other.bytes, next)) {
      throw new EncodingError(
        `page ${other.page}: ${other.fault}; it is the meta page of commit ${next}, ` +
          `and page ${later.page} has only commit ${meta.commit}`,
      );
    }
    onNote?.(
      `meta page ${other.page} was not read: ${other.fault}; ` +
        `the records are those of commit ${meta.commit}, which page ${later.page} has`,
    );
  }
  if (meta.pages > Math.floor(fileSize / meta.pageSize)) {
    const missing = Math.floor(fileSize / meta.pageSize);
    throw new EncodingError(
      `page ${missing}: the file ends at byte ${fileSize}, and should have ${meta.pages} pages`,
    );
  }
  return meta;
}

/** One of the two meta pages. It has a `meta` if it is valid, else a `fault`. */
interface Copy {
  readonly page: 0 | 1;
  readonly bytes: Buffer;
  readonly meta?: BoltMeta;
  readonly fault?: string;
}

function commitOf({ meta }: Copy): bigint {
  return meta?.commit ?? -1n;
}

/** Reads the meta page at byte `at`. */
async function copyAt(window: Window, page: 0 | 1, at: number, fileSize: number): Promise<Copy> {
  if (fileSize - at < META_SIZE) {
    return { page, bytes: Buffer.alloc(META_SIZE), fault: `the file ends at byte ${fileSize}` };
  }
  const bytes = await window.read(at, META_SIZE);
  const found = parse(bytes);
  if (typeof found === 'string') return { page, bytes, fault: found };
  if (page === 0 || found.pageSize === at) return { page, bytes, meta: found };
  return { page, bytes, fault: `pages of ${found.pageSize} bytes, in a file of pages of ${at}` };
}

/** Looks for page 1 if page 0 does not tell the page size. */
async function findSecond(window: Window, fileSize: number): Promise<Copy> {
  for (const at of PAGE_SIZES) {
    const copy = await copyAt(window, 1, at, fileSize);
    if (copy.meta) return copy;
  }
  return { page: 1, bytes: Buffer.alloc(META_SIZE), fault: 'it is not found at any page size' };
}

/** Returns what a meta page says, or what is wrong with it. */
function parse(bytes: Buffer): BoltMeta | string {
  const magic = bytes.readUInt32LE(HEADER_SIZE);
  if (magic !== MAGIC) return `no meta page of a Bolt file (magic ${magic.toString(16)})`;
  const version = bytes.readUInt32LE(HEADER_SIZE + 4);
  if (version !== VERSION) return `version ${version}; only version ${VERSION} can be read`;
  if (!isChecked(bytes)) return 'the meta page is damaged (its checksum is wrong)';
  const pageSize = bytes.readUInt32LE(HEADER_SIZE + 8);
  const pages = bytes.readBigUInt64LE(HEADER_SIZE + 40);
  if (pageSize < MIN_PAGE_SIZE || pageSize > MAX_PAGE_SIZE) {
    return `pages of ${pageSize} bytes, not of ${MIN_PAGE_SIZE} to ${MAX_PAGE_SIZE}`;
  }
  if (pages > MAX_PAGES) return `${pages} pages, which no file has`;
  return {
    pageSize,
    root: bytes.readBigUInt64LE(HEADER_SIZE + 16),
    freeList: bytes.readBigUInt64LE(HEADER_SIZE + 32),
    pages: Number(pages),
    commit: bytes.readBigUInt64LE(HEADER_SIZE + 48),
  };
}

/** Returns whether a damaged meta page is that of a commit, by its number or by all the rest of it. */
function isOfCommit(bytes: Buffer, commit: bigint): boolean {
  if (bytes.readBigUInt64LE(HEADER_SIZE + 48) === commit) return true;
  const mended = Buffer.from(bytes);
  mended.writeBigUInt64LE(commit, HEADER_SIZE + 48);
  return isChecked(mended);
}

function isChecked(bytes: Buffer): boolean {
  let hash = FNV_OFFSET;
  for (const byte of bytes.subarray(HEADER_SIZE, HEADER_SIZE + CHECKED_SIZE)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME);
  }
  return hash === bytes.readBigUInt64LE(HEADER_SIZE + CHECKED_SIZE);
}
