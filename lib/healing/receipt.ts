import { EncodingError } from '../errors.js';
import { combine, HASH_SIZE } from './hash.js';

/** A step of a receipt: the hash to combine with, on the right when `right` is set, else on the left. */
export interface ReceiptEntry {
  readonly hash: Uint8Array;
  readonly right?: boolean;
}

/** What a receipt says. Hashes are 32 bytes; indexes are of entries of the chain, from 0. */
export interface ReceiptFields {
  readonly start: Uint8Array;
  readonly startIndex: number;
  readonly end: Uint8Array;
  readonly endIndex: number;
  readonly anchor: Uint8Array;
  readonly entries: readonly ReceiptEntry[];
}

/** The JSON form of a receipt: hashes as hex, `right` only where it is true. */
export interface ReceiptJSON {
  start: string;
  startIndex: number;
  end: string;
  endIndex: number;
  anchor: string;
  entries: { right?: true; hash: string }[];
}

/**
 * The proof that entry `startIndex` of a chain, `start`, is part of what `anchor` stands for: the
 * chain up to and including entry `endIndex`, `end`.
 */
export class Receipt implements ReceiptFields {
  readonly start: Uint8Array;
  readonly startIndex: number;
  readonly end: Uint8Array;
  readonly endIndex: number;
  readonly anchor: Uint8Array;
  readonly entries: readonly ReceiptEntry[];

  constructor(fields: ReceiptFields) {
    this.start = fields.start;
    this.startIndex = fields.startIndex;
    this.end = fields.end;
    this.endIndex = fields.endIndex;
    this.anchor = fields.anchor;
    this.entries = fields.entries;
  }

  /** Whether applying the entries to `start` gives `anchor`. */
  validate(): boolean {
    let current = this.start;
    for (const { hash, right } of this.entries) {
      current = right ? combine(current, hash) : combine(hash, current);
    }
    return Buffer.compare(current, this.anchor) === 0;
  }

  toJSON(): ReceiptJSON {
    return {
      start: hex(this.start),
      startIndex: this.startIndex,
      end: hex(this.end),
      endIndex: this.endIndex,
      anchor: hex(this.anchor),
      entries: this.entries.map(({ hash, right }) =>
        right ? { right, hash: hex(hash) } : { hash: hex(hash) },
      ),
    };
  }

  /** The receipt of a parsed JSON form. Throws `EncodingError` that names the member that is wrong. */
  static fromJSON(value: unknown): Receipt {
    const json = members(value, 'a receipt');
    const { entries } = json;
    if (!Array.isArray(entries)) throw new EncodingError('receipt: entries is not a list');
    return new Receipt({
      start: unhex(json.start, 'start'),
      startIndex: index(json.startIndex, 'startIndex'),
      end: unhex(json.end, 'end'),
      endIndex: index(json.endIndex, 'endIndex'),
      anchor: unhex(json.anchor, 'anchor'),
      entries: entries.map((item: unknown, i): ReceiptEntry => {
        const { hash, right } = members(item, `entries[${i}]`);
        if (right !== undefined && typeof right !== 'boolean') {
          throw new EncodingError(`receipt: entries[${i}].right is not a boolean`);
        }
        const bytes = unhex(hash, `entries[${i}].hash`);
        return right ? { right, hash: bytes } : { hash: bytes };
      }),
    });
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

function members(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) {
    throw new EncodingError(`receipt: ${what} is not an object`);
  }
  return value as Record<string, unknown>;
}

function unhex(value: unknown, name: string): Buffer {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/i.test(value)) {
    throw new EncodingError(`receipt: ${name} is not a hash of ${HASH_SIZE} bytes in hex`);
  }
  return Buffer.from(value, 'hex');
}

function index(value: unknown, name: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new EncodingError(`receipt: ${name} is not an index`);
  }
  return value as number;
}
