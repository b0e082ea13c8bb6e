import { DELETED } from './layout.js';

/** Words of a record: what waits to be written for one key. */
export const Record = {
  Tag: 0,
  Digest: 1,
  /** The word of the data at which key and value begin; -1 - the place among `large` for large ones. */
  Data: 9,
  KeyLength: 10,
  /** DELETED: the key is to be deleted. */
  ValueLength: 11,
  Words: 12,
} as const;

/** Key and value together have at most so many bytes: lengths are 32-bit integers. */
const MOST_BYTES = 2 ** 31 - 1;
/** Key and value of more words than this together have an array of their own. */
const LARGE = 8192;
/** Sizes of a new one, and the sizes up to which it is used again. */
const FEW_PLACES = 16;
const FEW_WORDS = 128;
const MOST_PLACES = 1024;
const MOST_WORDS = 32768;
/** Bytes up to which a loop copies faster than `set`. */
const SHORT = 48;

/**
 * The writes that wait in a batch: an open-addressing table of records by
 * digest, and the bytes of their keys and values. A method that cannot
 * allocate memory throws a `RangeError` and changes nothing.
 */
export class Pending {
  /** How many records there are. */
  count = 0;
  records = new Int32Array((FEW_PLACES / 2) * Record.Words);
  /** 1 + the number of a record, or 0. */
  private places = new Int32Array(FEW_PLACES);
  private bytes = new Uint8Array(FEW_WORDS * 4);
  /** Words of `bytes` that were given to records; they may have given some up. */
  private end = 0;
  /** Never changed once they are here: others may share them. */
  private readonly large: Uint8Array[] = [];

  /** The record of a key as a word of `records`, or -1. `digest` has it in the eight words at `at`. */
  find(tag: number, digest: Int32Array, at: number): number {
    if (this.count === 0) return -1;
    const record = this.places[this.placeOf(tag, digest, at)] as number;
    return (record - 1) * Record.Words;
  }

  /**
   * Has a key be put, and returns its record. The caller then copies key and value, which have these
   * lengths, to `array` from `start` on.
   */
  claim(
    tag: number,
    digest: Int32Array,
    at: number,
    keyLength: number,
    valueLength: number,
  ): number {
    this.reserveRecords(1);
    let record = this.find(tag, digest, at);
    const data = this.roomFor(record, keyLength + valueLength);
    if (record < 0) record = this.add(tag, digest, at);
    this.set(record, data, keyLength, valueLength);
    return record;
  }

  delete(tag: number, digest: Int32Array, at: number): void {
    this.reserveRecords(1);
    let record = this.find(tag, digest, at);
    if (record < 0) record = this.add(tag, digest, at);
    else this.drop(record);
    this.set(record, 0, 0, DELETED);
  }

  /** The bytes in which a record's key and value are, one behind the other from `start` on. */
  array(record: number): Uint8Array {
    const data = this.records[record + Record.Data] as number;
    return data < 0 ? (this.large[-1 - data] as Uint8Array) : this.bytes;
  }

  start(record: number): number {
    const data = this.records[record + Record.Data] as number;
    return data < 0 ? 0 : data * 4;
  }

  /** Adds the writes of another, over its own. */
  absorb(other: Pending): void {
    this.reserveRecords(other.count);
    this.reserveWords(other.end);
    const { records } = other;
    for (let from = 0; from < other.count * Record.Words; from += Record.Words) {
      const tag = records[from + Record.Tag] as number;
      const keyLength = records[from + Record.KeyLength] as number;
      const valueLength = records[from + Record.ValueLength] as number;
      const at = from + Record.Digest;
      if (valueLength === DELETED) {
        this.delete(tag, records, at);
      } else if ((records[from + Record.Data] as number) < 0) {
        const record = this.claim(tag, records, at, 0, 0);
        this.set(record, this.addLarge(other.array(from)), keyLength, valueLength);
      } else {
        const record = this.claim(tag, records, at, keyLength, valueLength);
        const size = keyLength + valueLength;
        copy(other.bytes, other.start(from), size, this.bytes, this.start(record));
      }
    }
  }

  /** Empties it; false when it has grown too large to be kept for other use. */
  clear(): boolean {
    if (this.places.length > MOST_PLACES || this.bytes.length > MOST_WORDS * 4) return false;
    if (this.count > 0) this.places.fill(0);
    this.large.length = 0;
    this.count = 0;
    this.end = 0;
    return true;
  }

  private placeOf(tag: number, digest: Int32Array, at: number): number {
    const { places, records } = this;
    const mask = places.length - 1;
    for (let place = tag & mask; ; place = (place + 1) & mask) {
      const record = ((places[place] as number) - 1) * Record.Words;
      if (record < 0 || (records[record] === tag && hasDigest(records, record, digest, at))) {
        return place;
      }
    }
  }

  private add(tag: number, digest: Int32Array, at: number): number {
    const record = this.count * Record.Words;
    const place = this.placeOf(tag, digest, at);
    this.records[record + Record.Tag] = tag;
    for (let n = 0; n < 8; n++) this.records[record + Record.Digest + n] = digest[at + n] as number;
    this.count++;
    this.places[place] = this.count;
    return record;
  }

  private set(record: number, data: number, keyLength: number, valueLength: number): void {
    this.records[record + Record.Data] = data;
    this.records[record + Record.KeyLength] = keyLength;
    this.records[record + Record.ValueLength] = valueLength;
  }

  private addLarge(pair: Uint8Array): number {
    this.large.push(pair);
    return -this.large.length;
  }

  /** What `Record.Data` is to be for a record, -1 for a new one, that gets so many bytes. */
  private roomFor(record: number, size: number): number {
    if (size > MOST_BYTES) throw new RangeError(`a pair of ${size} bytes is too large`);
    const words = Math.ceil(size / 4);
    if (words > LARGE) {
      const pair = new Uint8Array(size);
      if (record >= 0) this.drop(record);
      return this.addLarge(pair);
    }
    if (record >= 0) {
      const known = this.records[record + Record.Data] as number;
      if (known >= 0 && this.wordsOf(record) >= words) return known;
    }
    this.reserveWords(words);
    if (record >= 0) this.drop(record);
    const data = this.end;
    this.end += words;
    return data;
  }

  /** The words of `bytes` that a record has. */
  private wordsOf(record: number): number {
    if ((this.records[record + Record.Data] as number) < 0) return 0;
    const keyLength = this.records[record + Record.KeyLength] as number;
    const valueLength = this.records[record + Record.ValueLength] as number;
    return valueLength === DELETED ? 0 : (keyLength + valueLength + 3) >> 2;
  }

  /** Gives up the bytes of a record. */
  private drop(record: number): void {
    const data = this.records[record + Record.Data] as number;
    if (data < 0) this.large[-1 - data] = NOTHING;
  }

  private reserveRecords(count: number): void {
    const needed = this.count + count;
    if (needed * 2 <= this.places.length) return;
    let size = this.places.length * 2;
    while (size < needed * 2) size *= 2;
    const places = new Int32Array(size);
    const records = new Int32Array((size / 2) * Record.Words);
    records.set(this.records);
    for (let n = 0; n < this.count; n++) {
      let place = (records[n * Record.Words + Record.Tag] as number) & (size - 1);
      while (places[place] !== 0) place = (place + 1) & (size - 1);
      places[place] = n + 1;
    }
    this.places = places;
    this.records = records;
  }

  /** Has room for that many words behind `end`; puts the records' bytes together first. */
  private reserveWords(words: number): void {
    if ((this.end + words) * 4 <= this.bytes.length) return;
    const last = this.count * Record.Words;
    let needed = words;
    for (let record = 0; record < last; record += Record.Words) needed += this.wordsOf(record);
    let size = this.bytes.length;
    while (size < needed * 6) size *= 2;
    const bytes = new Uint8Array(size);
    let end = 0;
    for (let record = 0; record < last; record += Record.Words) {
      const length = this.wordsOf(record);
      if (length === 0) continue;
      const start = this.start(record);
      bytes.set(this.bytes.subarray(start, start + length * 4), end * 4);
      this.records[record + Record.Data] = end;
      end += length;
    }
    this.bytes = bytes;
    this.end = end;
  }
}

const NOTHING = new Uint8Array(0);

function hasDigest(records: Int32Array, record: number, digest: Int32Array, at: number): boolean {
  for (let n = 0; n < 8; n++) {
    if (records[record + Record.Digest + n] !== digest[at + n]) return false;
  }
  return true;
}

/** Copies bytes: for few of them a loop is faster than a view. */
export function copy(
  from: Uint8Array,
  start: number,
  length: number,
  to: Uint8Array,
  at: number,
): void {
  if (length > SHORT) {
    to.set(from.subarray(start, start + length), at);
    return;
  }
  for (let n = 0; n < length; n++) to[at + n] = from[start + n] as number;
}
