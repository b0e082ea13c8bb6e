import { type Key, type ReadBatch, Uint, uint } from '../index.js';
import { State } from './state.js';

/**
 * The entries `from` to `to - 1` of a chain.
 * @see chainsIn
 */
export interface EntryRange {
  readonly from: number;
  readonly to: number;
}

/**
 * A chain of a store, and what the store has of it.
 * @see chainsIn
 */
export interface StoredChain {
  readonly key: Key;
  /** How many entries the chain has. */
  readonly height: number;
  /** The root of the chain; undefined if it is empty. */
  readonly anchor: Buffer | undefined;
  /** The entries that the store has: as records, or in the list of a state. In ascending order. */
  readonly present: readonly EntryRange[];
  /**
   * The entries that can be proved. For these, the store has the set's list and the mark before the set, and
   * the same for all later sets.
   */
  readonly provable: EntryRange;
}

/**
 * Returns the chains of a store: each key that has a `Head`. They are in the order of their keys. It scans the
 * keys of all records, and reads the states. `markPower` is that of all the chains.
 *
 * Throws `EncodingError` that names the record if a head or another state is damaged.
 * @example
 * ```ts
 * for (const chain of db.view((batch) => chainsIn(batch))) {
 *   console.log(`${chain.key}`, chain.height, missing(chain));
 * }
 * ```
 */
export function chainsIn(batch: ReadBatch, markPower = 8): StoredChain[] {
  const found = new Map<string, Found>();
  for (const key of batch.keys()) {
    const name = key.at(-2);
    const index = key.at(-1);
    if (index === 'Head') at(found, key, -1).hasHead = true;
    else if (name === 'Element' && index instanceof Uint) add(at(found, key, -2).elements, index);
    else if (name === 'States' && index instanceof Uint) add(at(found, key, -2).states, index);
  }
  return [...found.values()]
    .filter(({ hasHead }) => hasHead)
    .sort((a, b) => a.key.compare(b.key))
    .map((chain) => describe(batch, chain, 2 ** markPower));
}

/**
 * Returns the entries of a chain that the store does not have, in ascending order. Throws nothing.
 * @see chainsIn
 */
export function missing({ height, present }: StoredChain): EntryRange[] {
  const gaps: EntryRange[] = [];
  let from = 0;
  for (const range of present) {
    if (range.from > from) gaps.push({ from, to: range.from });
    from = range.to;
  }
  if (height > from) gaps.push({ from, to: height });
  return gaps;
}

/** The records of a chain that a scan has found. */
interface Found {
  readonly key: Key;
  hasHead: boolean;
  /** The indexes of its `Element` and `States` records, in no order. */
  readonly elements: number[];
  readonly states: number[];
}

/** Returns what was found of the chain that has the record `key`, which has the last `parts` parts beyond it. */
function at(found: Map<string, Found>, record: Key, parts: -1 | -2): Found {
  const key = record.slice(0, parts);
  // A digest identifies a key.
  const id = key.digest().toString('latin1');
  let chain = found.get(id);
  if (!chain) {
    chain = { key, hasHead: false, elements: [], states: [] };
    found.set(id, chain);
  }
  return chain;
}

function add(indexes: number[], { value }: Uint): void {
  if (typeof value === 'number') indexes.push(value);
}

function describe(batch: ReadBatch, found: Found, setSize: number): StoredChain {
  const { key } = found;
  const head = stateAt(batch, key.append('Head'));
  const height = head.count;
  // The list of a state has the entries before its count.
  const listed = (state: State): EntryRange => {
    return { from: state.count - state.listLength, to: state.count };
  };
  const ranges: EntryRange[] = found.elements.map((i) => ({ from: i, to: i + 1 }));
  const marks = new Set<number>();
  for (const index of found.states) {
    if (index + 1 > height) continue;
    const state = stateAt(batch, key.append('States', uint(index)));
    if (state.count !== index + 1) continue;
    marks.add(state.count);
    ranges.push(listed(state));
  }
  ranges.push(listed(head));
  const present = merge(ranges, height);
  const provable = { from: provableFrom(height, setSize, (count) => marks.has(count)), to: height };
  return { key, height, anchor: head.anchor(), present, provable };
}

function stateAt(batch: ReadBatch, key: Key): State {
  return State.decode(batch.get(key), String(key));
}

/** Returns the entries below `height` that any of the ranges has. */
function merge(ranges: EntryRange[], height: number): EntryRange[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of ranges.sort((a, b) => a.from - b.from)) {
    const end = Math.min(to, height);
    const last = merged.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, end);
    else if (from < end) merged.push({ from, to: end });
  }
  return merged;
}

/**
 * Returns the first entry of a chain that can be proved; see `StoredChain`. `isStored(count)` says whether the
 * store has the state of `count` entries.
 * @internal
 */
export function provableFrom(
  height: number,
  setSize: number,
  isStored: (count: number) => boolean,
): number {
  const has = (count: number) => count === height || isStored(count);
  // The entries since the last mark need only the head.
  let from = height - (height % setSize);
  while (from > 0 && has(from) && (from === setSize || has(from - setSize))) from -= setSize;
  return from;
}
