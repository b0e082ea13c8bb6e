import { type InspectOptions, inspect } from 'node:util';
import { EncodingError } from '../errors.js';
import { Reader } from '../record/reader.js';
import { asInt64, asUint64, type Integer, writeUvarint, writeVarint } from '../record/varint.js';
import { copyBytes, HASH_SIZE } from './hash.js';
import { show } from './show.js';

/** The fields of an index entry, in the order of their numbers, which begin with 1. */
const FIELDS = ['source', 'anchor', 'blockIndex', 'blockTime', 'rootIndexIndex'] as const;
/** The number of the field that only fills an entry up to 32 bytes: zeros follow. */
const PADDING = 32;

/**
 * A field of an index entry.
 * @see IndexChain
 */
export type IndexField = (typeof FIELDS)[number];

/**
 * What an index entry says. A field that is left out is 0.
 * @see IndexEntry
 */
export type IndexFields = Partial<Record<IndexField, number | bigint>>;

/**
 * An entry of the index of a chain. It says how far the chain was at the end of a block, and where its
 * anchor then is. Integers have 64 bits: they are bigints if they are not safe integers.
 * @example
 * ```ts
 * const entry = new IndexEntry({ source: 41, anchor: 7, blockIndex: 3 });
 * IndexEntry.decode(entry.encode()).source; // 41
 * ```
 */
export class IndexEntry {
  /** The index of the last entry of the chain. */
  readonly source: number | bigint;
  /** The index of the chain's anchor in the chain that it is anchored in. */
  readonly anchor: number | bigint;
  /** The number of the block. */
  readonly blockIndex: number | bigint;
  /** When the block was made: Unix seconds. */
  readonly blockTime: number | bigint;
  /** The index, in the index of the root chain, of the entry for the block. */
  readonly rootIndexIndex: number | bigint;

  /** Throws `RangeError` that names the field that is no integer of 64 bits. Only the time can be negative. */
  constructor(fields: IndexFields) {
    this.source = checked(fields, 'source');
    this.anchor = checked(fields, 'anchor');
    this.blockIndex = checked(fields, 'blockIndex');
    this.blockTime = checked(fields, 'blockTime');
    this.rootIndexIndex = checked(fields, 'rootIndexIndex');
  }

  /**
   * Reads an entry; `what` begins the message of an error. Throws `TypeError` unless `bytes` is a
   * Uint8Array, and `EncodingError` unless it is exactly one entry.
   */
  static decode(bytes: Uint8Array, what = 'index entry'): IndexEntry {
    const own = copyBytes(bytes);
    if (!own) throw new TypeError(`${what}: an encoded index entry is a Uint8Array`);
    const reader = new Reader(own, what);
    const fields: IndexFields = {};
    for (let last = 0; reader.remaining > 0; ) {
      const at = reader.position;
      const number = Number(reader.uvarint());
      if (number <= last) throw reader.error(`field ${number} after field ${last}`, at);
      last = number;
      if (number === PADDING) {
        if (reader.take(reader.remaining).every((byte) => byte === 0)) break;
        throw reader.error('the padding is not all zeros', at);
      }
      const name = FIELDS[number - 1];
      if (!name) throw reader.error(`unknown field ${number}`, at);
      fields[name] = name === 'blockTime' ? reader.varint() : reader.uvarint();
    }
    return new IndexEntry(fields);
  }

  /** Returns the 32 bytes of the entry. Throws `EncodingError` if its numbers are too large for 32 bytes. */
  encode(): Buffer {
    // Five fields have 55 bytes at most.
    const bytes = Buffer.alloc(64);
    let end = 0;
    for (const [i, name] of FIELDS.entries()) {
      if (this[name] === 0) continue;
      bytes[end] = i + 1;
      const write = name === 'blockTime' ? writeVarint : writeUvarint;
      end = write(this[name], bytes, end + 1);
    }
    if (end > HASH_SIZE) throw new EncodingError(`an index entry of ${end} bytes, more than 32`);
    if (end < HASH_SIZE) bytes[end] = PADDING;
    return bytes.subarray(0, HASH_SIZE);
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    return show('IndexEntry', { ...this }, depth, options);
  }
}

function checked(fields: IndexFields, name: IndexField): Integer {
  const value = fields[name] ?? 0;
  const integer = name === 'blockTime' ? asInt64(value) : asUint64(value);
  if (integer !== undefined) return integer;
  const kind = name === 'blockTime' ? 'an integer' : 'an unsigned integer';
  throw new RangeError(`${name} is ${value}, not ${kind} of 64 bits`);
}
