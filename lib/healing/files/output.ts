/** How many bytes are written at once. */
const CHUNK_SIZE = 1 << 18;

/** Takes all the bytes, or throws. */
export type Sink = (bytes: Buffer) => Promise<void>;

/** Writes large chunks, one after the other. Memory holds one of them. */
export class Output {
  readonly #sink: Sink;
  readonly #signal: AbortSignal | undefined;
  #parts: Uint8Array[] = [];
  #size = 0;
  #position = 0;

  constructor(sink: Sink, signal?: AbortSignal) {
    this.#sink = sink;
    this.#signal = signal;
  }

  /** How many bytes were added. */
  get position(): number {
    return this.#position;
  }

  /** Whether there is enough for a chunk: then call `flush`. */
  get isFull(): boolean {
    return this.#size >= CHUNK_SIZE;
  }

  /** Adds bytes, which must not change afterwards. */
  add(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#size += bytes.length;
    this.#position += bytes.length;
  }

  /**
   * Writes what was added, and waits until the sink has taken it. Throws the sink's error, or the
   * signal's reason if it is aborted.
   */
  async flush(): Promise<void> {
    this.#signal?.throwIfAborted();
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    if (bytes.length > 0) await this.#sink(bytes);
  }
}
