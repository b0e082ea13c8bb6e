import { type InspectOptions, inspect } from 'node:util';
import { EncodingError } from '../errors.js';
import { combine, combineWhole, copyBytes, HASH_SIZE } from './hash.js';
import { hex, show } from './show.js';

/**
 * A step of a receipt: the hash to combine with, which stands on the right if `right` is true, else on the left.
 * @see Receipt
 */
export interface ReceiptEntry {
  readonly hash: Uint8Array;
  readonly right?: boolean;
}

/**
 * What a receipt says. Hashes have 32 bytes. Indexes count the entries of the chain from 0.
 * @see Receipt
 */
export interface ReceiptFields {
  readonly start: Uint8Array;
  readonly startIndex: number;
  /** Undefined if it is unknown, as in some receipts that the network's API writes. */
  readonly end?: Uint8Array | undefined;
  readonly endIndex: number;
  readonly anchor: Uint8Array;
  readonly entries: readonly ReceiptEntry[];
}

/**
 * Options of `Receipt.validate`.
 * @see Receipt
 */
export interface ValidateOptions {
  /** Accept hashes of any length, and hash each of them whole. By default all must have 32 bytes. */
  readonly relaxed?: boolean;
}

/**
 * The JSON form of a receipt. Hashes are hex. `right` is present only if true, `end` only if known.
 * @see Receipt
 */
export interface ReceiptJSON {
  start: string;
  startIndex: number;
  end?: string;
  endIndex: number;
  anchor: string;
  entries: { right?: true; hash: string }[];
}

/**
 * A proof that a chain has `start` as its entry `startIndex`. The anchor is the root of the chain up to
 * and including entry `endIndex`, which is `end`. A combined receipt has the anchor of its last part.
 * @example
 * ```ts
 * const batch = db.begin(null, true);
 * const chain = new Chain(batch, Key.of('chain'));
 * chain.addEntries([Buffer.alloc(32, 1), Buffer.alloc(32, 2)]);
 *
 * const receipt = chain.receipt(0);
 * receipt.entries.length; // 1
 * const copy = Receipt.fromJSON(JSON.parse(JSON.stringify(receipt)));
 * copy.validate(); // true
 * new Receipt({ ...copy, anchor: Buffer.alloc(32) }).validate(); // false
 * ```
 */
export class Receipt implements ReceiptFields {
  readonly start: Uint8Array;
  readonly startIndex: number;
  readonly end: Uint8Array | undefined;
  readonly endIndex: number;
  readonly anchor: Uint8Array;
  readonly entries: readonly ReceiptEntry[];

  /**
   * Copies the fields, so later changes to the arrays do not change the receipt. It checks nothing:
   * call `validate` to find out whether the fields are those of a proof.
   */
  constructor(fields: ReceiptFields);
  /** `owned`: nobody else has the arrays, so they are not copied. @internal */
  constructor(fields: ReceiptFields, owned: boolean);
  constructor(fields: ReceiptFields, owned = false) {
    const own = owned ? same : copied;
    const { entries } = fields;
    this.start = own(fields.start);
    this.startIndex = fields.startIndex;
    this.end = own(fields.end);
    this.endIndex = fields.endIndex;
    this.anchor = own(fields.anchor);
    this.entries = owned || !Array.isArray(entries) ? entries : Array.from(entries, copiedEntry);
  }

  /**
   * Returns whether applying the entries to `start` gives `anchor`. If anything that is hashed is not
   * a Uint8Array of 32 bytes, the receipt is not valid. Throws nothing.
   */
  validate(options?: ValidateOptions): boolean {
    const path = pathOf(this, options?.relaxed === true);
    const anchor = copyBytes(this.anchor);
    return anchor !== undefined && path?.at(-1)?.equals(anchor) === true;
  }

  /**
   * Returns the receipt from this one's start to the last one's anchor. Each receipt must start with
   * the anchor of the one before, else this throws `EncodingError`. The result is valid if all of
   * them are.
   */
  combine(...receipts: readonly ReceiptFields[]): Receipt {
    const { start, startIndex, end, endIndex } = this;
    const entries = [...entriesOf(this)];
    let anchor = this.anchor;
    for (const [i, next] of receipts.entries()) {
      members(next, `receipt ${i + 1}`);
      const [found, expected] = [hexOf(next.start, 'start'), hexOf(anchor, 'anchor')];
      if (found !== expected) {
        throw new EncodingError(
          `receipts cannot be combined: receipt ${i + 1} starts with ${found}, ` +
            `the anchor of the one before is ${expected}`,
        );
      }
      // Not by a spread: a list may be longer than the stack has room for arguments.
      for (const entry of entriesOf(next)) entries.push(entry);
      anchor = next.anchor;
    }
    return new Receipt({ start, startIndex, end, endIndex, anchor, entries });
  }

  /** Returns `first.combine(...others)`. */
  static combine(first: Receipt, ...others: readonly ReceiptFields[]): Receipt {
    return first.combine(...others);
  }

  /**
   * Returns whether another receipt's path is part of this one's. It is if this path reaches the
   * other's start, and has the same hashes as the other path from there on. A malformed receipt
   * contains no other, and no other contains it.
   */
  contains(receipt: ReceiptFields): boolean {
    const outer = pathOf(this, false);
    const inner = pathOf(receipt, false);
    if (!outer || !inner) return false;
    const from = outer.findIndex((hash) => hash.equals(inner[0] as Buffer));
    return from >= 0 && inner.every((hash, i) => outer[from + i]?.equals(hash));
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const text = (value: unknown) => copyBytes(value)?.toString('hex') ?? value;
    const step = (entry: ReceiptEntry) => `${entry?.right ? 'right' : 'left'} ${text(entry?.hash)}`;
    const { start, startIndex, end, endIndex, anchor, entries } = this;
    const fields = {
      start: text(start),
      startIndex,
      end: text(end),
      endIndex,
      anchor: text(anchor),
    };
    const steps = Array.isArray(entries) ? entries.map(step) : entries;
    return show('Receipt', { ...fields, entries: steps, valid: this.validate() }, depth, options);
  }

  /** Returns the JSON form. Throws `EncodingError` that names the member that is not bytes. */
  toJSON(): ReceiptJSON {
    return {
      start: hexOf(this.start, 'start'),
      startIndex: this.startIndex,
      ...(this.end === undefined ? {} : { end: hexOf(this.end, 'end') }),
      endIndex: this.endIndex,
      anchor: hexOf(this.anchor, 'anchor'),
      entries: entriesOf(this).map((entry, i) => {
        const { hash, right } = members(entry, `entries[${i}]`);
        const text = hexOf(hash, `entries[${i}].hash`);
        return right ? { right: true, hash: text } : { hash: text };
      }),
    };
  }

  /**
   * Returns the receipt of a parsed JSON form. The network leaves out what is zero or empty: an
   * absent index is 0, and an absent `entries` is an empty list. An absent `end` is unknown. Throws
   * `EncodingError` that names the member that is wrong.
   */
  static fromJSON(value: unknown): Receipt {
    const json = members(value, 'a receipt');
    const entries = json.entries ?? [];
    if (!Array.isArray(entries)) throw new EncodingError('receipt: entries is not a list');
    return new Receipt(
      {
        start: unhex(json.start, 'start'),
        startIndex: index(json.startIndex, 'startIndex'),
        end: json.end === undefined || json.end === null ? undefined : unhex(json.end, 'end'),
        endIndex: index(json.endIndex, 'endIndex'),
        anchor: unhex(json.anchor, 'anchor'),
        entries: entries.map((item: unknown, i): ReceiptEntry => {
          const { hash, right: given } = members(item, `entries[${i}]`);
          const right = given ?? false;
          if (typeof right !== 'boolean') {
            throw new EncodingError(`receipt: entries[${i}].right is not a boolean`);
          }
          const bytes = unhex(hash, `entries[${i}].hash`);
          return right ? { right, hash: bytes } : { hash: bytes };
        }),
      },
      true,
    );
  }
}

/**
 * Returns the start of a receipt and then the result of each entry. Returns undefined if a hash is not
 * a Uint8Array. Unless `relaxed` is true, it also returns undefined if a hash does not have 32 bytes.
 */
function pathOf(receipt: ReceiptFields, relaxed: boolean): Buffer[] | undefined {
  const read = (value: unknown): Buffer | undefined => {
    const bytes = copyBytes(value);
    return relaxed || bytes?.length === HASH_SIZE ? bytes : undefined;
  };
  const join = relaxed ? combineWhole : combine;
  let current = read(receipt?.start);
  if (!current || !Array.isArray(receipt.entries)) return undefined;
  const path = [current];
  for (const entry of receipt.entries as readonly (Partial<ReceiptEntry> | null | undefined)[]) {
    const hash = read(entry?.hash);
    const right = entry?.right ?? false;
    if (!hash || typeof right !== 'boolean') return undefined;
    current = right ? join(current, hash) : join(hash, current);
    path.push(current);
  }
  return path;
}

function entriesOf({ entries }: ReceiptFields): readonly ReceiptEntry[] {
  if (!Array.isArray(entries)) throw new EncodingError('receipt: entries is not a list');
  return entries;
}

/** Returns a copy of bytes, and anything else as it is. */
function copied<T>(bytes: T): T | Buffer {
  return copyBytes(bytes) ?? bytes;
}

function same<T>(bytes: T): T {
  return bytes;
}

/** Returns a copy that has `right` only if it is true. Malformed members stay as they are. */
function copiedEntry(entry: ReceiptEntry): ReceiptEntry {
  if (typeof entry !== 'object' || entry === null) return entry;
  const { right } = entry;
  const hash = copied(entry.hash);
  return right === undefined || right === false ? { hash } : { right, hash };
}

function hexOf(value: unknown, name: string): string {
  const bytes = copyBytes(value);
  if (!bytes) throw new EncodingError(`receipt: ${name} is not a Uint8Array`);
  return hex(bytes);
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

function index(given: unknown, name: string): number {
  const value = given ?? 0;
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new EncodingError(`receipt: ${name} is not an index`);
  }
  return value as number;
}
