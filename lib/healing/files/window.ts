import type { FileHandle } from 'node:fs/promises';
import { EncodingError } from '../../index.js';

/** How many bytes a window has, unless it is given another size. */
const WINDOW_SIZE = 1 << 18;

/** Reads any part of a file. Parts near the last one come from memory. */
export class Window {
  readonly #file: FileHandle;
  readonly #size: number;
  #bytes = Buffer.alloc(0);
  #start = 0;

  constructor(file: FileHandle, size = WINDOW_SIZE) {
    this.#file = file;
    this.#size = size;
  }

  /**
   * Returns the `length` bytes at `at` as a view. They never change. The caller has checked that
   * they are within the file. Throws `EncodingError` if the file has become shorter since.
   */
  async read(at: number, length: number): Promise<Buffer> {
    if (at < this.#start || at + length > this.#start + this.#bytes.length) {
      await this.#move(at, Math.max(length, this.#size));
    }
    const bytes = this.#bytes.subarray(at - this.#start, at - this.#start + length);
    if (bytes.length < length) {
      throw new EncodingError(`the file has become shorter, at byte ${at + bytes.length}`);
    }
    return bytes;
  }

  async #move(at: number, size: number): Promise<void> {
    const bytes = Buffer.allocUnsafe(size);
    let end = 0;
    while (end < size) {
      const { bytesRead } = await this.#file.read(bytes, end, size - end, at + end);
      if (bytesRead === 0) break;
      end += bytesRead;
    }
    this.#bytes = bytes.subarray(0, end);
    this.#start = at;
  }
}
