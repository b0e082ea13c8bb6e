/**
 * The memory through which the typed face and an engine pass keys and values,
 * one per engine and thread. The face writes a key's parts, the engine hashes
 * them (or, for a key whose digest is known, reads the digest) and puts values
 * into the slab, from which the face hands out views.
 *
 * Digests stand on rungs. Those of the ladder are of the key last located: rung n
 * has the digest of its first n parts (rung 0: 32 zero bytes, or the digest a key
 * starts from), so the next key that shares its first n parts is hashed from
 * rung n on. The rungs from STEM_RUNG on have digests of leading parts that some
 * earlier key had, for keys that come back to them.
 *
 * `at` packs where a key is (see `packAt`). The engine starts from the digest on
 * the rung `from`, continues it with the `parts` parts in the input region, and
 * leaves what it has after each part on the following rungs of the ladder; for
 * a `from` beyond the ladder the end alone, on KEPT_RUNG. When `stem` is not 0, it
 * copies what it has before the last part to that rung.
 *
 * An input part is a varint length and the bytes to hash. For `getMany` the
 * input is one record a key: `at` in four bytes, lowest first, then the parts (for
 * KEPT_RUNG: then the 32 bytes of the digest, which are not kept).
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
  /** In, four words: the integers that a call of the native engine takes, in order. */
  Arguments: 8,
  /** Out: what that call answers. */
  Answer: 12,
  /** In: the number that it takes; see `number`. */
  Number: 14,
} as const;

/** The longest key, in parts, that is located on the ladder. */
export const MAX_RUNG = 32;
/** The rung that takes the digest of a key which knows it already. */
export const KEPT_RUNG = 33;
/** The first rung for the digests of leading parts. */
export const STEM_RUNG = 34;
export const STEM_COUNT = 4096;

const RUNGS = STEM_RUNG + STEM_COUNT;
const DIGESTS = 64;
const RESULTS = DIGESTS + RUNGS * 32;
const RESULT_COUNT = 2048;
const KEY = RESULTS + RESULT_COUNT * 4;
const KEY_SIZE = 4096;
const VALUE = KEY + KEY_SIZE;
const VALUE_SIZE = 16384;
const INPUT = VALUE + VALUE_SIZE;
const INPUT_SIZE = 65536;

/** Byte positions and sizes of the regions. native/binding/exchange.h mirrors them. */
export const Region = {
  Digests: DIGESTS,
  Results: RESULTS,
  /** How many results (32-bit integers) there is room for. */
  ResultCount: RESULT_COUNT,
  Key: KEY,
  KeySize: KEY_SIZE,
  Value: VALUE,
  ValueSize: VALUE_SIZE,
  Input: INPUT,
  InputSize: INPUT_SIZE,
  Size: INPUT + INPUT_SIZE,
} as const;

/** Bits of `at`: from which rung, how many parts; in those above, which rung to keep the stem on. */
export const At = { FromBits: 13, PartsBits: 6 } as const;

export function packAt(from: number, parts: number, stem: number): number {
  return from | (parts << At.FromBits) | (stem << (At.FromBits + At.PartsBits));
}

/** The bytes of a slab. Values longer than a quarter of it get a buffer of their own. */
export const SLAB_SIZE = 65536;

export class Exchange {
  readonly buffer = new ArrayBuffer(Region.Size);
  readonly bytes = new Uint8Array(this.buffer);
  readonly words = new Int32Array(this.buffer);
  /** `Word.Number`, which takes two words. */
  readonly number = new Float64Array(this.buffer, Word.Number * 4, 1);
  /** Lengths out of `getMany` and `next`. */
  readonly results = new Int32Array(this.buffer, Region.Results, Region.ResultCount);
  /** Where values go. Replaced when full, then announced with `slabChanged`. */
  slab: Buffer = Buffer.allocUnsafeSlow(SLAB_SIZE);
}
