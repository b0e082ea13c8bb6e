import type { WriteStream } from 'node:tty';

/** Clears the line of the terminal. */
const CLEAR = '\r\x1b[K';

/** A line of a terminal: each text replaces the one before. If the stream is not a terminal, nothing is written. */
export class StatusLine {
  readonly #stream: WriteStream | undefined;

  constructor(stream: WriteStream) {
    this.#stream = stream.isTTY ? stream : undefined;
  }

  show(text: string): void {
    // A longer line would wrap, and `CLEAR` would leave its beginning.
    this.#stream?.write(CLEAR + text.slice(0, this.#stream.columns - 1));
  }

  clear(): void {
    this.#stream?.write(CLEAR);
  }
}
