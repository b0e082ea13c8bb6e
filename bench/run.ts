import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Cell } from './plan.js';
import type { Results } from './results.js';
import type { Figures } from './workloads/workload.js';

/** Room for what the peers keep in V8's heap; megabytes. */
const HEAP = 8192;

/**
 * Runs the cells, each in a process of its own, one after the other. One that fails does not end
 * the run, which takes long: what went wrong is answered, and a figure that is wrong is not kept.
 */
export async function runRound(
  cells: readonly Cell[],
  round: number,
  results: Results,
  told: (cell: Cell, done: number) => void,
): Promise<string[]> {
  const failures: string[] = [];
  for (const [n, cell] of cells.entries()) {
    told(cell, n);
    const { subject, layout, size } = cell;
    try {
      for (const [row, figure] of Object.entries(await runCell(cell))) {
        results.add(round, { row, layout, size, subject }, figure);
      }
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  return failures;
}

async function runCell(cell: Cell): Promise<Figures> {
  const execArgv = ['--expose-gc', `--max-old-space-size=${HEAP}`];
  const child = fork(join(__dirname, 'cell.js'), { execArgv });
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
