import { type Exchange, KEPT_RUNG, Region } from '../exchange.js';
import { extendDigest } from './sha256.js';

const DIGEST_WORDS = Region.Digests >> 2;

/** Continues digests on the ladder of the exchange. Where a digest is, is the first of its words. */
export class Digests {
  private readonly bytes: Uint8Array;
  /** The byte behind the parts that were read last. */
  private end = 0;

  constructor(exchange: Exchange) {
    this.bytes = exchange.bytes;
  }

  /** The digest of the key that `at` locates. */
  locate(at: number): number {
    return this.climb(at & 0xff, at >> 8, Region.Input);
  }

  /** The digest of the key whose record begins at `offset`; `next` is then the offset of the next one. */
  read(offset: number): number {
    const { bytes } = this;
    const rung = bytes[offset] as number;
    if (rung !== KEPT_RUNG) return this.climb(rung, bytes[offset + 1] as number, offset + 2);
    this.end = offset + 34;
    bytes.copyWithin(Region.Digests + KEPT_RUNG * 32, offset + 2, this.end);
    return DIGEST_WORDS + KEPT_RUNG * 8;
  }

  get next(): number {
    return this.end;
  }

  private climb(rung: number, parts: number, start: number): number {
    const { bytes } = this;
    let digest = Region.Digests + rung * 32;
    let offset = start;
    for (let n = 0; n < parts; n++) {
      let length = 0;
      let byte: number;
      let shift = 0;
      do {
        byte = bytes[offset++] as number;
        length |= (byte & 0x7f) << shift;
        shift += 7;
      } while (byte > 0x7f);
      extendDigest(bytes, digest, offset, length, digest + 32);
      offset += length;
      digest += 32;
    }
    this.end = offset;
    return digest >> 2;
  }
}
