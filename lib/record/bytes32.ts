import { Buffer } from 'node:buffer';
import { endianness } from 'node:os';
import { byteCount, isBytes } from './bytes.js';
import { not32Bytes } from './mistakes.js';

const LITTLE_ENDIAN = endianness() === 'LE';

/** The same memory as words and as bytes. */
const words = new Int32Array(8);
const bytes = new Uint8Array(words.buffer);

/**
 * 32 bytes that do not change: a digest, a hash, an account id. The fields are the eight words that an
 * `Int32Array` over the bytes shows. To copy the bytes out of a typed array takes ten times as long.
 */
export class Bytes32 {
  private constructor(
    readonly w0: number,
    readonly w1: number,
    readonly w2: number,
    readonly w3: number,
    readonly w4: number,
    readonly w5: number,
    readonly w6: number,
    readonly w7: number,
  ) {}

  /**
   * A copy of the bytes that a caller passed to `call`.
   * @throws InvalidKeyError if there are not 32.
   */
  static from(bytes: unknown, call?: string): Bytes32 {
    if (isBytes(bytes) && byteCount(bytes) === 32) return Bytes32.of(bytes);
    throw not32Bytes(bytes, call);
  }

  /** A copy of the bytes, of which there must be 32. */
  static of(source: Uint8Array): Bytes32 {
    bytes.set(source);
    return new Bytes32(
      words[0] as number,
      words[1] as number,
      words[2] as number,
      words[3] as number,
      words[4] as number,
      words[5] as number,
      words[6] as number,
      words[7] as number,
    );
  }

  /** Writes the words to `target` from `at` on. */
  write(target: Int32Array, at: number): void {
    target[at] = this.w0;
    target[at + 1] = this.w1;
    target[at + 2] = this.w2;
    target[at + 3] = this.w3;
    target[at + 4] = this.w4;
    target[at + 5] = this.w5;
    target[at + 6] = this.w6;
    target[at + 7] = this.w7;
  }

  /** Writes the bytes to `target` from `offset` on. The offset need not be aligned. */
  writeBytes(target: DataView, offset: number): void {
    target.setInt32(offset, this.w0, LITTLE_ENDIAN);
    target.setInt32(offset + 4, this.w1, LITTLE_ENDIAN);
    target.setInt32(offset + 8, this.w2, LITTLE_ENDIAN);
    target.setInt32(offset + 12, this.w3, LITTLE_ENDIAN);
    target.setInt32(offset + 16, this.w4, LITTLE_ENDIAN);
    target.setInt32(offset + 20, this.w5, LITTLE_ENDIAN);
    target.setInt32(offset + 24, this.w6, LITTLE_ENDIAN);
    target.setInt32(offset + 28, this.w7, LITTLE_ENDIAN);
  }

  /** Returns the bytes, the caller's own. */
  toBuffer(): Buffer {
    this.write(words, 0);
    return Buffer.from(bytes);
  }

  /** Compares as `Buffer.compare` orders the bytes. */
  compare(other: Bytes32): number {
    return this === other ? 0 : Buffer.compare(this.toBuffer(), other.toBuffer());
  }
}
