import { type Key, uint } from '../index.js';
import { Memo } from './memo.js';

/** A memo holds sets of this many entries in all (about 1 MB), but at least four sets. */
const REMEMBERED_ENTRIES = 1 << 14;
const MAX_MARK_POWER = 24;

/** The keys of a chain's records. A chain keeps one layout, because appending to a key hashes only one part. */
export class Layout {
  readonly head: Key;
  readonly memo: Memo;
  /** How many entries a set has: those between two marks. */
  readonly setSize: number;
  readonly #states: Key;
  readonly #element: Key;
  readonly #elementIndex: Key;

  /** Throws `RangeError` unless `markPower` is an integer of 0 to 24. */
  constructor(
    readonly key: Key,
    readonly markPower: number,
  ) {
    if (!Number.isInteger(markPower) || markPower < 0 || markPower > MAX_MARK_POWER) {
      throw new RangeError(`markPower ${markPower} is not an integer of 0 to ${MAX_MARK_POWER}`);
    }
    this.setSize = 2 ** markPower;
    this.head = key.append('Head');
    this.#states = key.append('States');
    this.#element = key.append('Element');
    this.#elementIndex = key.append('ElementIndex');
    this.memo = new Memo(Math.max(4, REMEMBERED_ENTRIES / this.setSize));
  }

  /** Returns the key of the state that has entry `index` as its last. */
  state(index: number): Key {
    return this.#states.append(uint(index));
  }

  element(index: number): Key {
    return this.#element.append(uint(index));
  }

  elementIndex(hash: Uint8Array): Key {
    return this.#elementIndex.append(hash);
  }
}
