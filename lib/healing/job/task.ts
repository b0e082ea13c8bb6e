import { Key, type ReadBatch, uint } from '../../index.js';
import { provableFrom } from '../inventory.js';
import { State } from '../state.js';
import type { Given } from './dag.js';
import { SYNTHETIC_CHAIN } from './synthetic.js';

/** Entries `from` to `to - 1` of a chain that are to be proved. It is plain data for any thread. */
export interface Task {
  /** The chain's key in binary form. */
  readonly key: Uint8Array;
  readonly from: number;
  readonly to: number;
  /** Where a checker gets the entries: from the rule that makes them, or from the chain's own records. */
  readonly entries: 'synthetic' | 'stored';
  /** The roots of the sub-trees before `from`. */
  readonly given?: Given;
}

/** All chains of the database keep a mark at every 256 entries. */
export const MARK_POWER = 8;
const SET_SIZE = 2 ** MARK_POWER;

/** Returns the task of the chain that the job builds, of `entries` entries. */
export function syntheticTask(entries: number): Task {
  return { key: SYNTHETIC_CHAIN.encode(), from: 0, to: entries, entries: 'synthetic' };
}

/**
 * Returns what can be proved of the chain that is stored under `key`. An entry can be proved if the
 * store has its set's list and the mark before the set, and the same for all later sets. Throws
 * `EncodingError` if the head is damaged.
 */
export function storedTask(batch: ReadBatch, key: Key): Task {
  const headKey = key.append('Head');
  const head = State.decode(batch.get(headKey), String(headKey));
  const markKey = (at: number) => key.append('States', uint(at - 1));
  const count = head.count;
  // The entries since the last mark need only the head.
  const last = count - (count % SET_SIZE);
  const from = provableFrom(count, SET_SIZE, (at) => batch.has(markKey(at)));
  const task = { key: key.encode(), from, to: count, entries: 'stored' as const };
  if (from === 0) return task;
  const before =
    from === last ? head : State.decode(batch.get(markKey(from)), String(markKey(from)));
  const roots = before.pending.map((root, slot) => (slot < MARK_POWER ? undefined : root));
  return { ...task, given: { count: from, roots } };
}

/** Returns the chain's key. */
export function keyOf(task: Task): Key {
  return Key.decode(task.key);
}
