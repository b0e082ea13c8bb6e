import { beginDiscard, beginGetDiscard } from './begin.js';
import { overwriteBlocks } from './blocks.js';
import { contention } from './contention.js';
import { crossing } from './crossing.js';
import { getFresh, getKept, getMissing } from './get.js';
import { getMany10, getMany1000 } from './getmany.js';
import { insertBlocks, insertWhole } from './insert.js';
import { iteration } from './iteration.js';
import { memory } from './memory.js';
import { pause } from './pause.js';
import { threads } from './threads.js';
import { trace } from './trace.js';
import { transactionFresh, transactionKept } from './transaction.js';
import type { Alone, Repeated, Row } from './workload.js';

/** What is done on a filled store, in this order: reads before writes. */
export const repeated: readonly Repeated[] = [
  getFresh,
  getKept,
  getMissing,
  getMany10,
  getMany1000,
  beginDiscard,
  beginGetDiscard,
  iteration,
  transactionKept,
  transactionFresh,
  overwriteBlocks,
];

export const alone: readonly Alone[] = [
  insertWhole,
  trace,
  memory,
  pause,
  threads,
  contention,
  crossing,
];

/** Everything that is measured, in the order of the tables. */
export const rows: readonly Row[] = [
  ...repeated,
  insertBlocks,
  ...alone.flatMap((workload) => workload.rows),
];

/** The workload that measures the row of that name. */
export function workloadOf(row: string): string {
  return alone.find(({ rows }) => rows.some(({ name }) => name === row))?.name ?? row;
}

/** What `--workload` takes. */
export const workloadNames: readonly string[] = [
  ...repeated.map(({ name }) => name),
  insertBlocks.name,
  ...alone.map(({ name }) => name),
];
