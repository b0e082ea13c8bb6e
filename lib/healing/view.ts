import { EncodingError, type ReadBatch } from '../index.js';
import type { Layout } from './layout.js';
import type { Mark } from './memo.js';
import { Receipt, type ReceiptEntry } from './receipt.js';
import { Roots } from './roots.js';
import { State } from './state.js';

/** The memo's name for the head. A mark's name is its count. */
const HEAD = 0;

/** A chain at one moment. It reads the head once, and each mark when it first needs that mark. */
export class View {
  readonly #batch: ReadBatch;
  readonly #layout: Layout;
  readonly #head: Mark | undefined;
  readonly #marks = new Map<number, Mark>();

  constructor(batch: ReadBatch, layout: Layout) {
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
    const anchor = this.#head?.roots.anchor;
    return anchor && Buffer.from(anchor);
  }

  /** Returns entry `i`, from the list that has it. */
  entry(i: number): Buffer {
    this.#check(i, 'entry');
    const set = Math.floor(i / this.#layout.setSize);
    return this.#set(set).state.listed(i - set * this.#layout.setSize);
  }

  /** Returns the state that has entry `i` as its last. */
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

  /** Returns the proof that entry `from` is in the chain as of entry `to`. */
  receipt(from: number, to: number): Receipt {
    this.#check(to, 'receipt up to entry');
    this.#check(from, 'receipt from entry');
    if (from > to) throw new RangeError(`a receipt from entry ${from} back to entry ${to}`);
    const roots = this.#roots(to + 1);
    const top = slotOf(from, to + 1);
    const entries: ReceiptEntry[] = [];
    this.#within(from, top, entries);
    this.#above(from, top, entries);
    const below = roots.below(top);
    if (below) entries.push({ right: true, hash: Buffer.from(below) });
    for (let slot = top + 1; slot < roots.length; slot++) {
      const root = roots.at(slot);
      if (root) entries.push({ hash: Buffer.from(root) });
    }
    const fields = {
      start: this.entry(from),
      startIndex: from,
      end: this.entry(to),
      endIndex: to,
      anchor: Buffer.from(roots.anchor as Buffer),
      entries,
    };
    return new Receipt(fields, true);
  }

  /** Adds the siblings of the path from entry `i` up to slot `top` that are within the entry's set. */
  #within(i: number, top: number, entries: ReceiptEntry[]): void {
    const { setSize, markPower } = this.#layout;
    const levels = Math.min(top, markPower);
    if (levels === 0) return;
    const { tree } = this.#set(Math.floor(i / setSize));
    let index = i % setSize;
    for (let level = 0; level < levels; level++, index >>>= 1) {
      const hash = tree.node(level, index ^ 1);
      entries.push(index % 2 === 0 ? { right: true, hash } : { hash });
    }
  }

  /**
   * Adds the siblings of the path above the entry's set. Those on the left are pending at the mark
   * before the set. One on the right was never pending, because its last entry completed the sub-tree
   * above it too. So its root is computed again.
   */
  #above(i: number, top: number, entries: ReceiptEntry[]): void {
    const { setSize, markPower } = this.#layout;
    let index = Math.floor(i / setSize);
    /** How many sets a sub-tree of this level has. */
    let size = 1;
    for (let level = markPower; level < top; level++, index = half(index), size *= 2) {
      if (index % 2 === 1) {
        const left = this.#mark(i - (i % setSize)).roots.at(level);
        entries.push({ hash: Buffer.from(left as Buffer) });
        continue;
      }
      const end = (index + 2) * size;
      const before = () => this.#mark((end - 1) * setSize);
      const right = this.#set(end - 1).completed(level - markPower, markPower, before);
      entries.push({ right: true, hash: Buffer.from(right) });
    }
  }

  /** Returns the pending roots of the state that has `count` entries. */
  #roots(count: number): Roots {
    const { setSize, markPower } = this.#layout;
    const rest = count % setSize;
    if (count === this.count || rest === 0) return this.#mark(count).roots;
    const marked = count - rest;
    const before = marked > 0 ? this.#mark(marked).roots : undefined;
    const slots: (Buffer | undefined)[] = [];
    for (let slot = 0, left = count; left > 0; slot++, left = half(left)) {
      if (left % 2 === 0) slots.push(undefined);
      else if (slot >= markPower) slots.push(before?.at(slot));
      else slots.push(this.#set(marked / setSize).tree.node(slot, (rest >>> slot) - 1));
    }
    return new Roots(slots);
  }

  /** Returns the state that lists set `index`: the mark at its end or, for the last set, the head. */
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

  /** Returns the head if it has `count` entries, else the state that is stored for that count. */
  #mark(count: number): Mark {
    if (this.#head && count === this.count) return this.#head;
    let mark = this.#marks.get(count);
    if (!mark) {
      const { memo } = this.#layout;
      const key = memo.find(count)?.key ?? this.#layout.state(count - 1);
      mark = memo.decode(count, this.#batch.get(key), key);
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

/** Returns `n` without its lowest bit. A shift alone takes only 32 bits. */
function half(n: number): number {
  return n < 2 ** 31 ? n >>> 1 : Math.floor(n / 2);
}

/** Returns the slot, at `count` entries, of the root that covers entry `index`. */
function slotOf(index: number, count: number): number {
  // It is the highest bit in which the two differ: the roots in higher slots cover earlier entries.
  let slot = -1;
  for (let a = index, b = count; a !== b; a = half(a), b = half(b)) slot++;
  return slot;
}

function copy(state: State): State {
  return State.decode(state.encoded());
}
