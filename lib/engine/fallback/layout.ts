/**
 * Where everything is in the shared memory of a database. Memory is counted in
 * words of 4 bytes. A block is known by the word at which it begins, a multiple
 * of 4; 0 is no block.
 *
 * The memory is divided into pages. The first ones hold, in this order: the
 * header, the sessions, the page map; the heap has the others.
 */

/** A block of the heap: the word at which it begins, or 0 for none. */
export type Ref = number;

export const PAGE_BYTES = 65536;
export const PAGE_WORDS = PAGE_BYTES >> 2;
/** log2 of PAGE_WORDS: `ref >> PAGE_SHIFT` is the page of a ref. */
export const PAGE_SHIFT = 14;
/** Pages of the largest memory: what a growable buffer can have, 2^32 bytes less one page. */
export const MOST_PAGES = 65535;

/** Words of the header. The first eight are `HandleWord`. */
export const Header = {
  /** How many pages there may be. How many there are, the buffer's length says. */
  MaxPages: 9,
  /** Two words that match the words which never change, so that no other memory is taken for a database. */
  Check: 10,
  /** Two random words: the seed of the tags. */
  Seed: 12,
  /** The directory of the table. */
  Directory: 14,
  /** One more than the highest session ever used. */
  Sessions: 15,

  /** The process that the memory is of, and when that started: a number of 64 bits. See `process.ts`. */
  Process: 16,
  Started: 18,
  /** A word without meaning. Whoever writes it here and reads it there has the same memory twice. */
  Probe: 20,

  /** The last version that is published: a 64-bit integer. */
  Published: 32,
  /** Numbers of 64 bits: as `Stat` has them, and the limit of `Bytes`. */
  Entries: 34,
  Bytes: 36,
  Superseded: 38,
  MaxBytes: 40,

  /** An odd number that grows with each round of freeing; readers announce it. */
  Epoch: 48,
  /** Not zero while the owner of the transaction mutex changes the heap, the table or the lists. */
  Dirty: 49,
  /** Superseded entries that must be examined, how many, and the lists of those that a pin keeps. */
  Unexamined: 50,
  UnexaminedCount: 51,
  KeptLists: 52,
  /** A queue of blocks that readers who came before may still look at. */
  RetiredHead: 53,
  RetiredTail: 54,
  RetiredCount: 55,
  /** Where to look for a free page first. */
  FreePage: 56,
  /** What has gathered since pins were last looked for, and how much must before it is done again. */
  Gathered: 57,
  Due: 58,
  /** When a thread last looked for dead threads, ms. */
  Reaped: 59,

  /** The transaction mutex: the token of the session that owns it, or 0. */
  Owner: 64,
  /** The token of a session that has waited long for it, before which others step back, or 0. */
  Hungry: 65,

  /** For each size class the first page with a free block. */
  Classes: 80,
} as const;

/** For `Header.Gathered`: more than is ever due. */
export const OVERDUE = 2 ** 30;

/** How many threads can be attached to one database at a time. */
export const MAX_SESSIONS = 256;
export const SESSIONS_WORD = 1024;
export const SESSION_WORDS = 64;

/** Words of a session. Only its own thread writes them, but for the identity of a dead one. */
export const Session = {
  /** The epoch in which its thread began to read; 0 while it does not. */
  Reading: 0,
  /** A 64-bit integer: whose it is, see `identity.ts`. */
  Identity: 2,
  /** What the operating system knows its thread by, see `task.ts`, and part of the generation. */
  Task: 4,
  TaskStart: 5,
  /** Which table of `threads.ts` its thread is in. */
  Family: 6,
  Batches: 7,
  /** When it last looked whether the transaction mutex is free, ms; 0 while it does not wait for it. */
  Waiting: 8,
  /** How many places for pins are in use, free ones among them included. */
  Pins: 9,
  /** The first page of further pins, or 0. */
  PinPage: 10,
  /** Written for the sake of the order in which others see what was written before. */
  Fence: 11,
  FirstPin: 16,
} as const;

/** Added to the version of a pin that optimistic batches hold. */
export const OPTIMISTIC = 0.5;

/**
 * Words of a pin: its version, which may have OPTIMISTIC added (0: a free place), and the time it was taken, both
 * 64-bit numbers.
 */
export const Pin = { Version: 0, Time: 2, Words: 4 } as const;
export const SESSION_PINS = 12;
/** A page of pins begins with the number of the next such page. */
export const PAGE_PINS = (PAGE_WORDS - Pin.Words) / Pin.Words;

export const PAGE_MAP_WORD = SESSIONS_WORD + MAX_SESSIONS * SESSION_WORDS;

/** What the page map says of a page; else it is the first of a run, or of a session. */
export const PageUse = {
  Free: 0,
  /** The header, the sessions and the page map. */
  Reserved: 1,
  /** About to be used by the owner of the transaction mutex. */
  Claimed: 2,
  /** Blocks of one size class. */
  Blocks: 3,
  /** Not the first page of a run. */
  Rest: 4,
  /** Added to the number of pages of a run, in its first page. */
  Run: 0x10000000,
  /** Added to the token of the session whose pins are in the page. */
  Session: 0x20000000,
} as const;

/** Words at the start of a page of blocks. */
export const PageWord = {
  SizeClass: 0,
  /** Blocks in use. */
  Used: 1,
  /** The first of the free blocks. */
  Free: 2,
  /** Blocks that were ever in use: those after them are free too. */
  Begun: 3,
  /** Its neighbours among the pages of the class that have a free block. */
  Next: 4,
  Previous: 5,
} as const;
export const PAGE_HEADER_WORDS = 8;

/**
 * Words of every block. The mark says what the block is: an entry's version (1 and more), or
 * one of `Mark`, in 64 bits. A thread that recovers what a dead thread left goes by the marks.
 */
export const Block = {
  Mark: 0,
  /** Of a retired block: the epoch in which it was retired, and the next in the queue. */
  RetiredIn: 3,
  Next: 4,
} as const;

export const Mark = {
  Free: -1,
  /** A list of kept entries. */
  List: -2,
  /** The index of a key with many versions. */
  Index: -3,
  /** A part of the table. */
  Table: 0,
  /** Out of the table, but perhaps still looked at. */
  Retired: Number.POSITIVE_INFINITY,
} as const;

/** Words of an entry: one version of one key's value. Key and value follow, one after the other. */
export const Entry = {
  Version: 0,
  /** The entry it superseded and the one that superseded it, or 0. */
  Older: 2,
  Newer: 3,
  /** The next in the list of superseded entries where it is. */
  Next: 4,
  KeyLength: 5,
  /** DELETED: the version in which the key is not there. */
  ValueLength: 6,
  /** Of a key's newest entry: the index of its versions, or how many came since an index was last thought of. */
  Index: 7,
  Digest: 8,
  Data: 16,
} as const;

export const DELETED = -1;

/** The version of an empty database. */
export const FIRST_VERSION = 1;
