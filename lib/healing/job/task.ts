import { type Batch, Key, uint } from '../../index.js';
import { State } from '../state.js';
import type { Given } from './dag.js';
import { SYNTHETIC_CHAIN } from './synthetic.js';

/** Entries `from` to `to - 1` of a chain, to be proved. Plain data, which any thread may be sent. */
export interface Task {
  /** The chain's key in binary form. */
  readonly key: Uint8Array;
  readonly from: number;
  readonly to: number;
  /** Where the entries are known from: the rule that makes them, or the chain's own records. */
  readonly entries: 'synthetic' | 'stored';
  /** The roots of the sub-trees before `from`. */
  readonly given?: Given;
}

/** All chains of the database keep a mark at every 256 entries. */
export const MARK_POWER = 8;
const SET_SIZE = 2 ** MARK_POWER;

/** The chain that the job builds, of `entries` entries. */
export function syntheticTask(entries: number): Task {
  return { key: SYNTHETIC_CHAIN.encode(), from: 0, to: entries, entries: 'synthetic' };
}

/**
 * What can be proved of the chain that is stored under `key`: all entries from the earliest on
 * whose set, and the mark before it, is there, as are all after it. Throws `EncodingError` for a
 * head that is damaged.
 */
export function storedTask(batch: Batch, key: Key): Task {
  const headKey = key.append('Head');
  const head = State.decode(batch.get(headKey), String(headKey));
  const markKey = (at: number) => key.append('States', uint(at - 1));
  const count = head.count;
  const has = (at: number) => at === count || batch.has(markKey(at));

  // The entries since the last mark need the head alone.
  const last = count - (count % SET_SIZE);
  let from = last;
  while (from > 0 && has(from) && (from === SET_SIZE || has(from - SET_SIZE))) from -= SET_SIZE;
  const task = { key: key.encode(), from, to: count, entries: 'stored' as const };
  if (from === 0) return task;
  const before =
    from === last ? head : State.decode(batch.get(markKey(from)), String(markKey(from)));
  const roots = before.pending.map((root, slot) => (slot < MARK_POWER ? undefined : root));
  return { ...task, given: { count: from, roots } };
}

/** The chain's key. */
export function keyOf(task: Task): Key {
  return Key.decode(task.key);
}
