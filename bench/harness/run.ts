import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Figures } from '../workloads/workload.js';
import type { Cell } from './plan.js';
import { TREE } from './root.js';

/** Megabytes of V8's heap, for what other stores keep in it. */
const HEAP = 8192;

/** Runs a cell in a process of its own, on the build of another checkout if `tree` names one. */
export async function runCell(cell: Cell, tree?: string): Promise<Figures> {
  const execArgv = ['--expose-gc', `--max-old-space-size=${HEAP}`];
  const env = { ...process.env, ...(tree !== undefined && { [TREE]: tree }) };
  const child = fork(join(__dirname, 'cell.js'), { execArgv, env });
  let figures: Figures | undefined;
  child.once('message', (message) => {
    figures = message as Figures;
  });
  child.send(cell);
  const [status] = await once(child, 'exit');
  if (figures === undefined) {
    const { subject, layout, size, workloads } = cell;
    throw new Error(`${subject} (${layout}, ${size}: ${workloads}) ended with status ${status}`);
  }
  return figures;
}

/** Shows what is being measured, if somebody looks at a terminal. */
export function progress(where: string, { subject, layout, size, workloads }: Cell): void {
  if (!process.stderr.isTTY) return;
  const what = workloads.length === 1 ? workloads[0] : `${workloads.length} workloads`;
  process.stderr.write(`\r\x1b[K${where}: ${subject}, ${layout}, ${size}: ${what}`);
}

export function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}
