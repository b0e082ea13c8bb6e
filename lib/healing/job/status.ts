import type { WriteStream } from 'node:tty';

/** Clears the line from its beginning. */
const CLEAR = '\r\x1b[K';

/** One line of a terminal that is written over and over; of anything else, nothing. */
export class StatusLine {
  readonly #stream: WriteStream | undefined;

  constructor(stream: WriteStream) {
    this.#stream = stream.isTTY ? stream : undefined;
  }

  show(text: string): void {
    // A longer line would wrap, and then not be cleared.
    this.#stream?.write(CLEAR + text.slice(0, this.#stream.columns - 1));
  }

  clear(): void {
    this.#stream?.write(CLEAR);
  }
}
