import type { Key } from '../index.js';
import { combine } from './hash.js';
import { Roots } from './roots.js';
import { State } from './state.js';
import { Tree } from './tree.js';

/** A decoded state, and what was computed from it. Callers must not change any of it. */
export class Mark {
  readonly state: State;
  /** The stored form. If bytes that are read later are equal, they are this state. */
  readonly bytes: Buffer;
  /** The key that it is stored under. A reused key costs less than a new one. */
  readonly key: Key;
  #tree: Tree | undefined;
  #roots: Roots | undefined;
  /** Other marks refer to this object, because a reference to the mark would keep it in memory. */
  readonly #identity = {};
  #before: object | undefined;
  #completed: Buffer[] = [];

  constructor(state: State, key: Key) {
    this.state = state;
    this.bytes = state.encoded();
    this.key = key;
  }

  /** The complete sub-trees over the state's list. */
  get tree(): Tree {
    this.#tree ??= new Tree(this.state);
    return this.#tree;
  }

  /** The pending roots. */
  get roots(): Roots {
    this.#roots ??= new Roots(this.state.roots);
    return this.#roots;
  }

  /**
   * Returns the root, not copied, of the 2^level sets that end at this mark. This mark lists the last
   * set. The roots of the others are pending at the mark before it, which `before` returns. This
   * calls `before` only if there are others.
   */
  completed(level: number, markPower: number, before: () => Mark): Buffer {
    const set = this.tree.root(markPower);
    if (level === 0) return set;
    const mark = before();
    // Another batch may have the same list after other entries.
    if (this.#before !== mark.#identity) this.#completed = [set];
    this.#before = mark.#identity;
    for (let next = this.#completed.length; next <= level; next++) {
      const left = mark.roots.at(markPower + next - 1) as Buffer;
      this.#completed.push(combine(left, this.#completed[next - 1] as Buffer));
    }
    return this.#completed[level] as Buffer;
  }
}

/**
 * Remembers what stored states decode to. Callers read every state from the store. The memo only
 * saves decoding and hashing the same bytes again, so one memo can serve any number of batches.
 */
export class Memo {
  /** The states that were used most recently. When the map is full, it becomes `#older`. */
  #recent = new Map<number, Mark>();
  #older = new Map<number, Mark>();

  /** Holds `size` states at most. */
  constructor(readonly size: number) {}

  /** Returns the state that is remembered as `id`. The store may have another one by now. */
  find(id: number): Mark | undefined {
    const recent = this.#recent.get(id);
    if (recent) return recent;
    const mark = this.#older.get(id);
    if (mark) this.#add(id, mark);
    return mark;
  }

  /** Returns the state that `bytes`, stored under `key`, encode. Remembers it as `id`. Throws `EncodingError`. */
  decode(id: number, bytes: Uint8Array, key: Key): Mark {
    const known = this.find(id);
    if (known?.bytes.equals(bytes)) return known;
    const mark = new Mark(State.decode(bytes, String(key)), key);
    this.#add(id, mark);
    return mark;
  }

  #add(id: number, mark: Mark): void {
    if (this.#recent.size >= this.size / 2) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(id, mark);
  }
}
