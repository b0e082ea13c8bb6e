import type { Row } from '../harness/targets.js';
import { floor } from './floor.js';
import { getMissing, getNew, getReused } from './get.js';
import { getMany10, getMany1000 } from './getmany.js';
import { insertBlocks, insertWhole } from './insert.js';
import { iteration } from './iteration.js';
import { latency } from './latency.js';
import { memory } from './memory.js';
import { overwriteBlocks } from './overwrite.js';
import { pause } from './pause.js';
import { beginDiscard, beginGetDiscard } from './readers.js';
import { threads } from './threads.js';
import { trace } from './trace.js';
import { transactionNew, transactionReused } from './transaction.js';
import { versions } from './versions.js';
import { waiting } from './waiting.js';
import type { Alone, Repeated } from './workload.js';

/** The work on a filled store, in this order: reads before writes. */
export const repeated: readonly Repeated[] = [
  getNew,
  getReused,
  getMissing,
  getMany10,
  getMany1000,
  beginDiscard,
  beginGetDiscard,
  iteration,
  transactionReused,
  transactionNew,
  overwriteBlocks,
];

export const alone: readonly Alone[] = [
  insertWhole,
  trace,
  memory,
  pause,
  threads,
  latency,
  waiting,
  versions,
  floor,
];

/** Everything that is measured, in the order of the tables. */
export const rows: readonly Row[] = [
  ...repeated,
  insertBlocks,
  ...alone.flatMap((workload) => workload.rows),
];

/** The names that `--workload` takes. */
export const workloadNames: readonly string[] = [
  ...repeated.map(({ name }) => name),
  insertBlocks.name,
  ...alone.map(({ name }) => name),
];

/** The workload that measures the row of that name. */
export function workloadOf(row: string): string {
  return aloneOf(row)?.name ?? row;
}

/** The heading of the row's table, if it is not that of the layout. */
export function headingOf(row: string): string | undefined {
  return aloneOf(row)?.heading;
}

function aloneOf(row: string): Alone | undefined {
  return alone.find(({ rows }) => rows.some(({ name }) => name === row));
}
