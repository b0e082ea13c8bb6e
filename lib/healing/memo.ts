import type { Key } from '../index.js';
import { State } from './state.js';
import { Tree } from './tree.js';

/** A stored state, decoded. Its state is not to be changed. */
export class Mark {
  readonly state: State;
  /** The stored form, to tell whether a state read later is this one. */
  readonly bytes: Buffer;
  #tree: Tree | undefined;

  constructor(state: State) {
    this.state = state;
    this.bytes = state.encoded();
  }

  /** The complete sub-trees over the state's list, computed when first asked for. */
  get tree(): Tree {
    this.#tree ??= new Tree(this.state.list);
    return this.#tree;
  }
}

/**
 * Remembers what stored states decode to. What a state says is always read from the store; the
 * memo saves decoding and hashing again what has the same bytes as before, so one memo may serve
 * any number of batches.
 */
export class Memo {
  readonly #marks = new Map<number, Mark>();

  /** Holds `size` states at most. */
  constructor(readonly size: number) {}

  /** What `bytes`, stored under `key`, decodes to; `id` is the name to remember it by. Throws `EncodingError`. */
  decode(id: number, bytes: Uint8Array, key: Key): Mark {
    let mark = this.#marks.get(id);
    if (mark?.bytes.equals(bytes)) {
      this.#marks.delete(id);
    } else {
      mark = new Mark(State.decode(bytes, String(key)));
      this.#marks.delete(id);
      if (this.#marks.size >= this.size) this.#forget();
    }
    this.#marks.set(id, mark);
    return mark;
  }

  /** Forgets the state that was last asked for longest ago. */
  #forget(): void {
    for (const id of this.#marks.keys()) {
      this.#marks.delete(id);
      return;
    }
  }
}
