/**
 * The memory through which keys and values pass between the public API and an engine. There is one
 * for each engine and thread. The API writes the parts of a key. The engine hashes them and puts
 * values into the slab, from which the API hands out views.
 *
 * Digests stand in slots. The first is that of the empty key, the second that of the key located last. The
 * others are those of parents (see `Parents`).
 *
 * A position, which `packAt` makes, says where a key is. The engine starts from the digest in the slot that
 * the position names. It continues the digest with as many parts of the input region as the position says.
 * The result goes to the slot of the key located last. The digest before the last part goes to the slot that
 * is to keep it, if one is named. A part of the input is a varint length and the bytes to hash.
 *
 * For `getMany` the input holds one record a key. It begins with the position in four bytes, lowest
 * first. If the key starts from the slot of the key located last, the 32 bytes of a digest follow and stand
 * for it. Then come the parts. Afterwards that slot has no defined content.
 *
 * The API raises `Word.Request` before every call that hashes, and the engine copies it to `Word.Hashed`
 * once it has hashed. If the two differ, a call ended in between, and the slots of parents may be wrong.
 *
 * The buffer is private to the package: nobody outside can detach it. The slab is not private, because
 * `get` returns views of it. So the API checks before every call that the slab still has its length.
 */

/** Changes with every change of the layout, of a status, of the order of stats, or of a function of the addon. */
export const LAYOUT = 7;

/** Positions in `words`. */
export const Word = {
  /** In: where in the slab the next value goes, bytes; a `valuePosition`. */
  SlabPosition: 0,
  /** Out, with NoRoom: how many bytes of slab are needed, at most 2^31 - 1. */
  Needed: 1,
  /** Out, with Busy: the thread id that holds the lock, or -1. */
  Holder: 2,
  /** In: the number of this call, if it hashes. */
  Request: 3,
  /** Four words: the id of the native store created or attached last. */
  StoreId: 4,
  /** In, four words: the integers that a call of the native engine takes, in order. */
  Arguments: 8,
  /** Out: what that call returns. */
  Answer: 12,
  /** Out: the number of the last call that hashed its keys. */
  Hashed: 13,
  /** In: the number that it takes. Out: a version; of a commit with Full, see `Engine.commit`. */
  Number: 14,
} as const;

/** Slots of digests. */
export const Slot = {
  /** 32 zero bytes: the digest of the empty key. */
  Start: 0,
  /** The digest of the key located last. Also in: a digest that is known. */
  Located: 1,
  FirstParent: 2,
  ParentCount: 4096,
} as const;

const DIGESTS = 64;
const RESULTS = DIGESTS + (Slot.FirstParent + Slot.ParentCount) * 32;
const RESULT_COUNT = 2048;
const KEY = RESULTS + RESULT_COUNT * 4;
const KEY_SIZE = 4096;
const VALUE = KEY + KEY_SIZE;
const VALUE_SIZE = 16384;
const INPUT = VALUE + VALUE_SIZE;
const INPUT_SIZE = 65536;

/** Byte positions and sizes of the regions. */
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

/** Bits of `at`: the slot to start from, how many parts follow; the bits above: the slot to keep the parent in. */
export const At = { FromBits: 13, PartsBits: 6 } as const;

export function packAt(from: number, parts: number, keep: number): number {
  return from | (parts << At.FromBits) | (keep << (At.FromBits + At.PartsBits));
}

/** The slot that `at` starts from. */
export function fromOf(at: number): number {
  return at & ((1 << At.FromBits) - 1);
}

/** The key whose digest stands in `Slot.Located`. */
export const AT_LOCATED = packAt(Slot.Located, 0, 0);

/**
 * The first position from `position` on at which a value may be written. Values stand at multiples of 8, so that
 * they can be viewed as numbers of any type.
 */
export function valuePosition(position: number): number {
  return position + (-position & 7);
}

/** The bytes of a slab. Values longer than a quarter of it get a buffer of their own. */
export const SLAB_SIZE = 65536;

export class Exchange {
  readonly buffer = new ArrayBuffer(Region.Size);
  // TypeScript before 5.7 cannot read the types that would be derived.
  readonly bytes: Uint8Array = new Uint8Array(this.buffer);
  readonly words: Int32Array = new Int32Array(this.buffer);
  /** `Word.Number`, which takes two words. */
  readonly number: Float64Array = new Float64Array(this.buffer, Word.Number * 4, 1);
  /** Lengths out of `getMany` and `next`. */
  readonly results: Int32Array = new Int32Array(this.buffer, Region.Results, Region.ResultCount);
  /** Where values go. Replaced when full, after `useSlab` has announced it. */
  slab: Buffer = Buffer.allocUnsafeSlow(SLAB_SIZE);
}
