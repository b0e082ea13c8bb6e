import type { Key } from '../index.js';
import { combine } from './hash.js';
import { Roots } from './roots.js';
import { State } from './state.js';
import { Tree } from './tree.js';

/** A stored state, decoded, and what was computed from it. Nothing of it is to be changed. */
export class Mark {
  readonly state: State;
  /** The stored form, by which a state that is read later is recognised as this one. */
  readonly bytes: Buffer;
  /** The key that it is stored under: one that is used again costs less than a new one. */
  readonly key: Key;
  #tree: Tree | undefined;
  #roots: Roots | undefined;
  /** Stands for this mark in others, which would keep it in memory if they referred to it. */
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
   * Returns the root, not copied, of the 2^level sets that end at this mark. The last of them is
   * this mark's list. The others were pending at the mark before, `before`, in the slots from
   * `markPower` on. For one set, `before` is not needed.
   */
  completed(level: number, markPower: number, before: () => Mark): Buffer {
    const set = this.tree.root(markPower);
    if (level === 0) return set;
    const mark = before();
    // Another store, or another state of it, may have the same list after another beginning.
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
 * Remembers what stored states decode to. What a state says is always read from the store; the
 * memo saves decoding and hashing again what has the same bytes as before, so one memo may serve
 * any number of batches.
 */
export class Memo {
  /** Those that were asked for since `#older` were. */
  #recent = new Map<number, Mark>();
  #older = new Map<number, Mark>();

  /** Holds `size` states at most. */
  constructor(readonly size: number) {}

  /** Returns the state that is remembered by the name `id`; whether the store still has it is not known. */
  find(id: number): Mark | undefined {
    const recent = this.#recent.get(id);
    if (recent) return recent;
    const mark = this.#older.get(id);
    if (mark) this.#add(id, mark);
    return mark;
  }

  /** Returns what `bytes`, stored under `key`, decodes to; `id` is the name to remember it by. Throws `EncodingError`. */
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
