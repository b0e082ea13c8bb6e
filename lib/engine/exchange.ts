/**
 * The memory through which the typed face and an engine pass keys and values,
 * one per engine and thread. The face writes a key's parts, the engine hashes
 * them (or, for a key whose digest is known, reads the digest) and puts values
 * into the slab, from which the face hands out views.
 *
 * Digests stand on a ladder: rung n is the digest of the first n parts of the
 * key last located (rung 0: 32 zero bytes, or the digest a key starts from). The
 * next key that shares its first n parts is hashed from rung n on.
 *
 * `at` packs where a key is: `rung | parts << 8`. The engine starts from the
 * digest on `rung`, continues it with the `parts` parts in the input region, and
 * leaves every digest on its rung; so the key's own digest is on `rung + parts`.
 *
 * An input part is a varint length and the bytes to hash. For `getMany` the
 * input is one record a key: a byte `rung`, a byte `parts`, then the parts (for
 * rung KEPT_RUNG: then the 32 bytes of the digest, which are not kept).
 *
 * The buffer is private to the package: nobody outside can detach it. The slab
 * is not (views of it are what `get` returns), so the face checks before every
 * call that it still has its length.
 */

/** Positions in `words`. */
export const Word = {
  /** In: where in the slab the next value goes, bytes. */
  SlabPosition: 0,
  /** Out, with NoRoom: how many bytes of slab are needed. */
  Needed: 1,
  /** Out, with Busy: the thread id that holds the lock, or -1. */
  Holder: 2,
  /** Four words: the id of the native store created or attached last. */
  StoreId: 4,
} as const;

/** The longest key, in parts, that is located on the ladder. */
export const MAX_RUNG = 32;
/** The rung that takes the digest of a key which knows it already. */
export const KEPT_RUNG = 33;

/** Byte positions and sizes of the regions. native/binding/exchange.h mirrors them. */
export const Region = {
  Digests: 64,
  Results: 64 + 34 * 32,
  /** How many results (32-bit integers) there is room for. */
  ResultCount: 2048,
  Key: 64 + 34 * 32 + 2048 * 4,
  KeySize: 4096,
  Value: 64 + 34 * 32 + 2048 * 4 + 4096,
  ValueSize: 16384,
  Input: 64 + 34 * 32 + 2048 * 4 + 4096 + 16384,
  InputSize: 65536,
  Size: 64 + 34 * 32 + 2048 * 4 + 4096 + 16384 + 65536,
} as const;

/** The bytes of a slab. Values longer than a quarter of it get a buffer of their own. */
export const SLAB_SIZE = 65536;

export class Exchange {
  readonly buffer = new ArrayBuffer(Region.Size);
  readonly bytes = new Uint8Array(this.buffer);
  readonly words = new Int32Array(this.buffer);
  /** Lengths out of `getMany` and `next`. */
  readonly results = new Int32Array(this.buffer, Region.Results, Region.ResultCount);
  /** Where values go. Replaced when full, then announced with `slabChanged`. */
  slab: Buffer = Buffer.allocUnsafeSlow(SLAB_SIZE);
}
