import { randomFillSync } from 'node:crypto';
import { raise } from '../alarm.js';
import {
  ENGINE_FALLBACK,
  HANDLE_MAGIC,
  HANDLE_VERSION,
  HandleWord,
  signHandle,
} from '../handle.js';
import {
  FIRST_VERSION,
  Header,
  MAX_SESSIONS,
  MOST_PAGES,
  PAGE_BYTES,
  PAGE_MAP_WORD,
  PAGE_WORDS,
  PageUse,
  SESSION_WORDS,
  SESSIONS_WORD,
} from './layout.js';
import { hasRoomForBuffer } from './mappings.js';
import { isSameMemory, remembered } from './original.js';
import { isOfThisProcess, signProcess } from './process.js';
import { tagOf } from './tag.js';

/** Pages that a new memory has for the heap. */
const FIRST_PAGES = 2;
/** The most and the fewest pages that memory grows by at once. */
const MOST_GROWTH = 1024;
const LEAST_GROWTH = 4;

/** Beyond `maxBytes` times this plus this many pages no database of small entries gets. */
const OVERHEAD = 256;
const SPARE_PAGES = 1024;

/** The header and the sessions, in 64-bit integers. */
const FIXED_INTEGERS = (SESSIONS_WORD + MAX_SESSIONS * SESSION_WORDS) >> 1;
/** Counts the changes of what `layout.ts` says, so that no other copy of the package misreads the memory. */
const LAYOUT = 3;

/**
 * The memory of one database as this thread sees it: one growable buffer, which
 * is also the handle, and views of it. Views that track the buffer's length are
 * slow, so these do not: `refresh` renews them when the memory has grown.
 */
export class Memory {
  readonly buffer: SharedArrayBuffer;
  words!: Int32Array;
  bytes!: Uint8Array;
  numbers!: Float64Array;
  private readonly integers: BigInt64Array;

  private constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.integers = new BigInt64Array(buffer, 0, FIXED_INTEGERS);
    this.view(this.pages);
  }

  /** New memory with its header written, or undefined when it cannot be allocated. */
  static create(maxBytes: number): Memory | undefined {
    if (!hasRoomForBuffer()) return undefined;
    const wanted = Math.ceil((maxBytes * OVERHEAD) / PAGE_BYTES) + SPARE_PAGES;
    for (let most = Math.min(wanted, MOST_PAGES); most >= SPARE_PAGES; most >>= 1) {
      const pages = reservedPages(most) + FIRST_PAGES;
      try {
        const options = { maxByteLength: most * PAGE_BYTES };
        const memory = new Memory(new SharedArrayBuffer(pages * PAGE_BYTES, options));
        memory.write(most, maxBytes);
        return memory;
      } catch {
        // There is no such stretch of addresses: a shorter one may be free.
      }
    }
    return undefined;
  }

  /** The memory of a handle, or undefined if it is not that of a database of this process. */
  static of(handle: SharedArrayBuffer): Memory | undefined {
    if (!handle.growable || handle.byteLength < FIXED_INTEGERS * 8) return undefined;
    const memory = new Memory(handle);
    const most = memory.word(Header.MaxPages);
    const genuine =
      memory.word(HandleWord.Magic) === HANDLE_MAGIC &&
      memory.word(HandleWord.Version) === HANDLE_VERSION &&
      memory.word(HandleWord.Engine) === ENGINE_FALLBACK &&
      isOfThisProcess(memory.words, memory.numbers) &&
      handle.maxByteLength === most * PAGE_BYTES &&
      handle.byteLength % PAGE_BYTES === 0 &&
      memory.pages > reservedPages(most) &&
      memory.word(Header.Check) === memory.check(0) &&
      memory.word(Header.Check + 1) === memory.check(1);
    if (!genuine) return undefined;
    const original = remembered(memory.id);
    return original === undefined || isSameMemory(handle, original) ? memory : undefined;
  }

  word(index: number): number {
    return this.words[index] as number;
  }

  setWord(index: number, value: number): void {
    this.words[index] = value;
  }

  /** The 64-bit number at a word. */
  number(index: number): number {
    return this.numbers[index >> 1] as number;
  }

  setNumber(index: number, value: number): void {
    this.numbers[index >> 1] = value;
  }

  load(index: number): number {
    return Atomics.load(this.words, index);
  }

  /** Lets others see the value after all that was written before. */
  store(index: number, value: number): void {
    Atomics.store(this.words, index, value);
  }

  /** Adds to a word that other threads may add to at the same time. */
  add(index: number, value: number): void {
    Atomics.add(this.words, index, value);
  }

  /** Wakes the threads that wait without blocking. */
  alarm(): void {
    raise(this.words);
  }

  /** Whether the word was `expected` and now is `value`. */
  swap(index: number, expected: number, value: number): boolean {
    return Atomics.compareExchange(this.words, index, expected, value) === expected;
  }

  /** Sleeps while the word is `value`, at most `time` ms. Returns whether it slept so long. */
  wait(index: number, value: number, time: number): boolean {
    return Atomics.wait(this.words, index, value, time) === 'timed-out';
  }

  /** Ends the sleep of all that wait for a change of the word. */
  notify(index: number): void {
    Atomics.notify(this.words, index);
  }

  /** Stores 0 in the words from `start` to before `end`. */
  clear(start: number, end: number): void {
    this.words.fill(0, start, end);
  }

  /** The 64-bit integer at a word of the header or a session. */
  loadLong(index: number): bigint {
    return Atomics.load(this.integers, index >> 1);
  }

  /** Whether the 64-bit integer at a word was `expected` and now is `value`. */
  swapLong(index: number, expected: bigint, value: bigint): boolean {
    return Atomics.compareExchange(this.integers, index >> 1, expected, value) === expected;
  }

  /**
   * How many pages there are: the buffer's length alone says so. A count next to it would lag behind
   * the buffer if a thread died between growing the one and raising the other.
   */
  get pages(): number {
    return Math.floor(this.buffer.byteLength / PAGE_BYTES);
  }

  /** Makes a word at least `value`. */
  raise(index: number, value: number): void {
    let current = this.load(index);
    while (current < value && !this.swap(index, current, value)) current = this.load(index);
  }

  get published(): number {
    return Number(Atomics.load(this.integers, Header.Published >> 1));
  }

  publish(version: number): void {
    Atomics.store(this.integers, Header.Published >> 1, BigInt(version));
  }

  get closed(): boolean {
    return this.word(HandleWord.Closed) !== 0;
  }

  /** What identifies the database. */
  get id(): string {
    return this.words.slice(HandleWord.Id, HandleWord.Id + 4).join();
  }

  /**
   * Renews the views when the memory has grown, here or in another thread. What is read after it is
   * not older than what was stored before it.
   */
  refresh(): void {
    if (this.buffer.byteLength > this.bytes.length) this.view(this.pages);
  }

  /**
   * Must come before a word is read that was found without the transaction mutex. Another thread may
   * have added its page since the views were made.
   */
  reach(word: number): void {
    if (word >= this.words.length) this.refresh();
  }

  /** The same for the bytes before `end`. */
  reachByte(end: number): void {
    if (end > this.bytes.length) this.refresh();
  }

  /** Adds at least `count` pages; false when they cannot be allocated. */
  grow(count: number): boolean {
    const { pages } = this;
    const most = this.word(Header.MaxPages);
    if (pages + count > most) return false;
    const step = Math.min(Math.max(pages >> 1, LEAST_GROWTH), MOST_GROWTH);
    const target = Math.min(pages + Math.max(step, count), most);
    if (!this.growTo(target) && !this.growTo(pages + count)) return false;
    this.refresh();
    return true;
  }

  private growTo(pages: number): boolean {
    try {
      this.buffer.grow(pages * PAGE_BYTES);
      return true;
    } catch {
      // Another thread may just have grown it further.
      return this.pages >= pages;
    }
  }

  private view(pages: number): void {
    this.words = new Int32Array(this.buffer, 0, pages * PAGE_WORDS);
    this.bytes = new Uint8Array(this.buffer, 0, pages * PAGE_BYTES);
    this.numbers = new Float64Array(this.buffer, 0, pages * (PAGE_WORDS >> 1));
  }

  private write(most: number, maxBytes: number): void {
    const { words } = this;
    words[HandleWord.Magic] = HANDLE_MAGIC;
    words[HandleWord.Version] = HANDLE_VERSION;
    words[HandleWord.Engine] = ENGINE_FALLBACK;
    words.set(randomFillSync(new Int32Array(4)), HandleWord.Id);
    words.set(randomFillSync(new Int32Array(2)), Header.Seed);
    signProcess(words, this.numbers);
    signHandle(this.buffer, 'fallback');
    words[Header.MaxPages] = most;
    words[Header.Check] = this.check(0);
    words[Header.Check + 1] = this.check(1);
    words[Header.Epoch] = 1;
    this.setNumber(Header.MaxBytes, maxBytes);
    const reserved = reservedPages(most);
    words.fill(PageUse.Reserved, PAGE_MAP_WORD, PAGE_MAP_WORD + reserved);
    words[Header.FreePage] = reserved;
    this.publish(FIRST_VERSION);
  }

  private check(which: number): number {
    const constant = new Int32Array(8);
    constant.set(this.words.subarray(HandleWord.Id, HandleWord.Id + 4));
    constant.set(this.words.subarray(Header.Seed, Header.Seed + 2), 4);
    constant[6] = this.word(Header.MaxPages);
    constant[7] = LAYOUT;
    return tagOf(constant, 0, HANDLE_MAGIC, which);
  }
}

/** The first word of a session. */
export function sessionWord(session: number): number {
  return SESSIONS_WORD + session * SESSION_WORDS;
}

function reservedPages(most: number): number {
  const words = SESSIONS_WORD + MAX_SESSIONS * SESSION_WORDS + most;
  return Math.ceil(words / PAGE_WORDS);
}

/** The byte of a word, beyond 2^31 too. */
export function byteOf(word: number): number {
  return (word << 2) >>> 0;
}
