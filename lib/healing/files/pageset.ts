/** How many pages a chunk stands for. */
const CHUNK_PAGES = 1 << 15;

/** A set of page numbers. It takes a bit for each page of the chunks that have a member. */
export class PageSet {
  readonly #chunks = new Map<number, Uint8Array>();

  has(page: number): boolean {
    const chunk = this.#chunks.get(Math.floor(page / CHUNK_PAGES));
    const at = page % CHUNK_PAGES;
    return chunk !== undefined && ((chunk[at >>> 3] as number) & (1 << (at & 7))) !== 0;
  }

  add(page: number): void {
    const number = Math.floor(page / CHUNK_PAGES);
    let chunk = this.#chunks.get(number);
    if (!chunk) {
      chunk = new Uint8Array(CHUNK_PAGES / 8);
      this.#chunks.set(number, chunk);
    }
    const at = page % CHUNK_PAGES;
    chunk[at >>> 3] = (chunk[at >>> 3] as number) | (1 << (at & 7));
  }
}
