import { At, type Exchange, KEPT_RUNG, Region } from '../exchange.js';
import { extendDigest } from './sha256.js';

const KEPT = Region.Digests + KEPT_RUNG * 32;
const FROM_MASK = (1 << At.FromBits) - 1;
const PARTS_MASK = (1 << At.PartsBits) - 1;

/** Continues digests on the rungs of the exchange. Where a digest is, is the first of its words. */
export class Digests {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  /** The byte behind the parts that were read last. */
  private end = 0;

  constructor(exchange: Exchange) {
    this.bytes = exchange.bytes;
    this.view = new DataView(exchange.buffer);
  }

  /** The digest of the key that `at` locates. */
  locate(at: number): number {
    return this.climb(at, Region.Input);
  }

  /** The digest of the key whose record begins at `offset`; `next` is then the offset of the next one. */
  read(offset: number): number {
    const { bytes } = this;
    const at = this.view.getInt32(offset, true);
    const start = offset + 4;
    if (at !== KEPT_RUNG) return this.climb(at, start);
    this.end = start + 32;
    bytes.copyWithin(KEPT, start, this.end);
    return KEPT >> 2;
  }

  get next(): number {
    return this.end;
  }

  private climb(at: number, start: number): number {
    const { bytes } = this;
    const from = at & FROM_MASK;
    const parts = (at >>> At.FromBits) & PARTS_MASK;
    const stem = at >>> (At.FromBits + At.PartsBits);
    let digest = Region.Digests + from * 32;
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
      if (n === parts && stem !== 0) {
        bytes.copyWithin(Region.Digests + stem * 32, digest, digest + 32);
      }
      const next = from < KEPT_RUNG ? digest + 32 : KEPT;
      extendDigest(bytes, digest, offset, length, next);
      offset += length;
      digest = next;
    }
    if (from > KEPT_RUNG && parts === 0) {
      bytes.copyWithin(KEPT, digest, digest + 32);
      digest = KEPT;
    }
    this.end = offset;
    return digest >> 2;
  }
}
