import { At, type Exchange, Region, Slot, Word } from '../exchange.js';
import { extendDigest } from './sha256.js';

const LOCATED = Region.Digests + Slot.Located * 32;
const FROM_MASK = (1 << At.FromBits) - 1;
const PARTS_MASK = (1 << At.PartsBits) - 1;

/** Hashes the keys that the exchange locates. A digest is named by the first of its words in the exchange. */
export class Digests {
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #view: DataView;
  /** The byte behind what was read last. */
  #end = 0;

  constructor(exchange: Exchange) {
    this.#bytes = exchange.bytes;
    this.#words = exchange.words;
    this.#view = new DataView(exchange.buffer);
  }

  /** Returns the digest of the key at `at`, and notes that the request is hashed. */
  locate(at: number): number {
    this.#continue(at, Region.Digests + (at & FROM_MASK) * 32, Region.Input);
    this.noteHashed();
    return LOCATED >> 2;
  }

  /**
   * Returns the digest of the key whose record begins at `offset`. It is good until the next one is read, from
   * `next` on. Call `noteHashed` after the last record.
   */
  read(offset: number): number {
    const at = this.#view.getInt32(offset, true);
    const from = at & FROM_MASK;
    const start = offset + 4;
    if (from === Slot.Located) this.#continue(at, start, start + 32);
    else this.#continue(at, Region.Digests + from * 32, start);
    return LOCATED >> 2;
  }

  get next(): number {
    return this.#end;
  }

  /** Notes that all keys of the request are hashed. */
  noteHashed(): void {
    this.#words[Word.Hashed] = this.#words[Word.Request] as number;
  }

  /** Leaves in `Slot.Located` the digest at byte `from`, continued with the parts of `at`. */
  #continue(at: number, from: number, start: number): void {
    const bytes = this.#bytes;
    const parts = (at >>> At.FromBits) & PARTS_MASK;
    const keep = at >>> (At.FromBits + At.PartsBits);
    let digest = from;
    let offset = start;
    for (let n = 1; n <= parts; n++) {
      let length = 0;
      let byte: number;
      let shift = 0;
      do {
        byte = bytes[offset++] as number;
        length |= (byte & 0x7f) << shift;
        shift += 7;
      } while (byte > 0x7f);
      if (n === parts && keep !== 0) {
        bytes.copyWithin(Region.Digests + keep * 32, digest, digest + 32);
      }
      extendDigest(bytes, digest, offset, length, LOCATED);
      offset += length;
      digest = LOCATED;
    }
    if (digest !== LOCATED) bytes.copyWithin(LOCATED, digest, digest + 32);
    this.#end = offset;
  }
}
