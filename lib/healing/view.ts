import { type Batch, EncodingError } from '../index.js';
import { combine } from './hash.js';
import type { Layout } from './layout.js';
import type { Mark } from './memo.js';
import { Receipt, type ReceiptEntry } from './receipt.js';
import { fold, State } from './state.js';

/** The memo's name for the head; those of marks are their counts. */
const HEAD = 0;

/**
 * A chain as it is at one moment: its head, read once, and the marks that the head tells of, each
 * read when first needed.
 */
export class View {
  readonly #batch: Batch;
  readonly #layout: Layout;
  readonly #head: Mark | undefined;
  readonly #marks = new Map<number, Mark>();

  constructor(batch: Batch, layout: Layout) {
    this.#batch = batch;
    this.#layout = layout;
    const bytes = batch.tryGet(layout.head);
    this.#head = bytes && layout.memo.decode(HEAD, bytes, layout.head);
  }

  /** How many entries the chain has. */
  get count(): number {
    return this.#head?.state.count ?? 0;
  }

  anchor(): Buffer | undefined {
    return this.#head?.state.anchor();
  }

  /** Entry `i`, from the list it is in. */
  entry(i: number): Buffer {
    this.#check(i, 'entry');
    const set = shift(i, this.#layout.markPower);
    return this.#set(set).state.listed(i - set * this.#layout.setSize);
  }

  /** The state of which entry `i` is the last. */
  stateAt(i: number): State {
    this.#check(i, 'state');
    const { setSize, markPower } = this.#layout;
    const count = i + 1;
    if (count === this.count || count % setSize === 0) return copy(this.#mark(count).state);
    const marked = count - (count % setSize);
    const state = marked > 0 ? copy(this.#mark(marked).state) : new State();
    const { state: next } = this.#set(marked / setSize);
    for (let k = 0; k < count % setSize; k++) state.add(next.listed(k), markPower);
    return state;
  }

  /** The proof that entry `from` is in the chain as of entry `to`. */
  receipt(from: number, to: number): Receipt {
    this.#check(to, 'receipt up to entry');
    this.#check(from, 'receipt from entry');
    if (from > to) throw new RangeError(`a receipt from entry ${from} back to entry ${to}`);
    const roots = this.#roots(to + 1);
    const top = slotOf(from, roots);
    const entries: ReceiptEntry[] = [];
    for (let level = 0; level < top; level++) {
      const index = shift(from, level);
      if (index % 2 === 0) entries.push({ right: true, hash: this.#node(level, index + 1) });
      else entries.push({ hash: this.#leftOf(from, level) });
    }
    const below = fold(roots.slice(0, top));
    if (below) entries.push({ right: true, hash: below });
    for (const root of roots.slice(top + 1)) if (root) entries.push({ hash: Buffer.from(root) });
    return new Receipt({
      start: this.entry(from),
      startIndex: from,
      end: this.entry(to),
      endIndex: to,
      anchor: fold(roots) as Buffer,
      entries,
    });
  }

  /** The pending roots of the state that has `count` entries. */
  #roots(count: number): (Buffer | undefined)[] {
    const { setSize, markPower } = this.#layout;
    const slots = count === 0 ? 0 : Math.floor(Math.log2(count)) + 1;
    const rest = count % setSize;
    const at = count === this.count ? count : count - rest;
    const mark = at > 0 ? this.#mark(at).state : undefined;
    return Array.from({ length: slots }, (_, slot) => {
      if (shift(count, slot) % 2 === 0) return undefined;
      if (slot >= markPower || at === count) return mark?.root(slot);
      return this.#set(at / setSize).tree.node(slot, shift(rest, slot) - 1);
    });
  }

  /** The root of the sub-tree of 2^level entries to the left of the one that has entry `i`. */
  #leftOf(i: number, level: number): Buffer {
    const { setSize, markPower } = this.#layout;
    if (level < markPower) return this.#node(level, shift(i, level) - 1);
    // All of them are pending at the mark before the entry.
    const { state } = this.#mark(i - (i % setSize));
    return Buffer.from(state.root(level) as Buffer);
  }

  /**
   * The root of entries `index * 2^level` to `(index + 1) * 2^level - 1`. From a whole set on,
   * `index` must be odd, that of a sub-tree on the right. Its root was never pending, but combined
   * as soon as its last entry was there, with what was pending before: so it is done here.
   */
  #node(level: number, index: number): Buffer {
    const { setSize, markPower } = this.#layout;
    if (level < markPower) {
      const set = shift(index, markPower - level);
      return this.#set(set).tree.node(level, index - set * 2 ** (markPower - level));
    }
    const end = (index + 1) * 2 ** level;
    let node = this.#set(end / setSize - 1).tree.node(markPower, 0);
    if (level === markPower) return node;
    const { state: before } = this.#mark(end - setSize);
    for (let slot = markPower; slot < level; slot++) {
      node = combine(before.root(slot) as Buffer, node);
    }
    return node;
  }

  /** The state whose list is that of set `index`: the mark at its end or, for the last one, the head. */
  #set(index: number): Mark {
    const { setSize } = this.#layout;
    const end = Math.min((index + 1) * setSize, this.count);
    const mark = this.#mark(end);
    if (mark.state.listLength !== end - index * setSize) {
      throw new EncodingError(
        `${this.#layout.key}: the state of ${end} entries lists ${mark.state.listLength}, ` +
          `where ${end - index * setSize} are expected`,
      );
    }
    return mark;
  }

  /** The head, or the stored state of `count` entries. */
  #mark(count: number): Mark {
    if (this.#head && count === this.count) return this.#head;
    let mark = this.#marks.get(count);
    if (!mark) {
      const key = this.#layout.state(count - 1);
      mark = this.#layout.memo.decode(count, this.#batch.get(key), key);
      if (mark.state.count !== count) {
        throw new EncodingError(`${key}: ${mark.state.count} entries, where ${count} are expected`);
      }
      this.#marks.set(count, mark);
    }
    return mark;
  }

  #check(index: number, what: string): void {
    if (Number.isInteger(index) && index >= 0 && index < this.count) return;
    throw new RangeError(`${what} ${index} of ${this.#layout.key}, which has ${this.count}`);
  }
}

/** `n` without its lowest `bits` bits; `>>` would take no more than 32. */
function shift(n: number, bits: number): number {
  return Math.floor(n / 2 ** bits);
}

/** The slot of the root that has entry `index` below it. */
function slotOf(index: number, roots: readonly (Buffer | undefined)[]): number {
  let end = 0;
  for (let slot = roots.length - 1; slot >= 0; slot--) {
    if (roots[slot]) end += 2 ** slot;
    if (index < end) return slot;
  }
  throw new RangeError(`entry ${index} of ${end}`);
}

function copy(state: State): State {
  return State.decode(state.encoded());
}
