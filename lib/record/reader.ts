import { TextDecoder } from 'node:util';
import { EncodingError } from './errors.js';
import { type Integer, MAX_VARINT, unzigzag } from './varint.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads varints, and what follows them, from bytes. If the bytes end too early or cannot be right, a
 * method throws an `EncodingError` that names `subject` and the byte. No method allocates by a length
 * before it has checked that the bytes are there.
 */
export class Reader {
  /** The index of the next byte to read. */
  position = 0;
  readonly #bytes: Uint8Array;
  readonly #subject: string;

  /** `subject` says what the bytes are, for example `key`. Messages begin with it. */
  constructor(bytes: Uint8Array, subject: string) {
    this.#bytes = bytes;
    this.#subject = subject;
  }

  /** How many bytes are left. */
  get remaining(): number {
    return this.#bytes.length - this.position;
  }

  uvarint(): Integer {
    const start = this.position;
    // Words of 28, 28 and 8 bits, which a double holds exactly.
    let low = 0;
    let middle = 0;
    let high = 0;
    for (let i = 0; i < MAX_VARINT; i++) {
      const byte = this.#bytes[this.position];
      if (byte === undefined) throw this.error('the varint is truncated', start);
      this.position++;
      const bits = byte & 0x7f;
      if (i < 4) low |= bits << (7 * i);
      else if (i < 8) middle |= bits << (7 * (i - 4));
      else high |= bits << (7 * (i - 8));
      if (byte < 0x80) {
        if (high > 0xff) break;
        if (high === 0 && middle < 2 ** 25) return middle * 2 ** 28 + low;
        return (BigInt(high) << 56n) | (BigInt(middle) << 28n) | BigInt(low);
      }
    }
    throw this.error('the varint has more than 64 bits', start);
  }

  varint(): Integer {
    return unzigzag(this.uvarint());
  }

  /** Reads a varint length and that many bytes, as a view. */
  bytes(): Uint8Array {
    const start = this.position;
    const length = this.uvarint();
    if (length > this.remaining) {
      throw this.error(`the length ${length} is more than the ${this.remaining} bytes left`, start);
    }
    return this.take(Number(length));
  }

  /** Reads a varint length and that many bytes of UTF-8. */
  text(): string {
    const start = this.position;
    const bytes = this.bytes();
    try {
      return utf8.decode(bytes);
    } catch (cause) {
      throw this.error('the text is not UTF-8', start, cause);
    }
  }

  /** Reads a text and returns what `parse` makes of it. An `EncodingError` of `parse` gets the byte. */
  parse<T>(parse: (text: string) => T): T {
    const start = this.position;
    const text = this.text();
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof EncodingError)) throw error;
      throw this.error(error.message, start, error);
    }
  }

  /** Reads the next `length` bytes, as a view. */
  take(length: number): Uint8Array {
    if (length > this.remaining) {
      throw this.error(`${length} bytes are wanted, ${this.remaining} are left`, this.position);
    }
    this.position += length;
    return this.#bytes.subarray(this.position - length, this.position);
  }

  /** Throws if anything is left. */
  end(): void {
    if (this.remaining > 0) {
      throw this.error(`${this.remaining} bytes too many`, this.position);
    }
  }

  /** Returns the error to throw for what is wrong at byte `position`. */
  error(what: string, position: number, cause?: unknown): EncodingError {
    const message = `${this.#subject}: ${what}, at byte ${position}`;
    return new EncodingError(message, cause === undefined ? undefined : { cause });
  }
}
