import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Figures } from '../workloads/workload.js';
import type { Cell } from './plan.js';
import { TREE } from './root.js';

/** Megabytes of V8's heap, for what other stores keep in it. */
const HEAP = 8192;

/** A process that measures the workloads of one cell. */
export class CellProcess {
  readonly #cell: Cell;
  readonly #child: ChildProcess;

  /** It runs on the build of another checkout if `tree` names one. */
  constructor(cell: Cell, tree?: string) {
    const execArgv = ['--expose-gc', `--max-old-space-size=${HEAP}`];
    const env = { ...process.env, ...(tree !== undefined && { [TREE]: tree }) };
    this.#cell = cell;
    this.#child = fork(join(__dirname, 'cell.js'), { execArgv, env });
    this.#child.send(cell);
  }

  /** Throws if the process ends without a figure. */
  async measure(workload: string): Promise<Figures> {
    const stop = new AbortController();
    const { signal } = stop;
    this.#child.send(workload);
    const ended = once(this.#child, 'exit', { signal }).then(([status]) => {
      const { subject, layout, size } = this.#cell;
      throw new Error(`${workload}: ${subject} (${layout}, ${size}) ended with status ${status}`);
    });
    const figures = once(this.#child, 'message', { signal }).then(([figures]) => figures);
    try {
      return await Promise.race([figures, ended]);
    } finally {
      await Promise.allSettled([figures, ended, stop.abort()]);
    }
  }

  async end(): Promise<void> {
    if (!this.#child.connected) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}

/** Runs a cell in a process of its own. */
export async function runCell(cell: Cell): Promise<Figures> {
  const child = new CellProcess(cell);
  const figures: Figures[] = [];
  try {
    for (const workload of cell.workloads) figures.push(await child.measure(workload));
  } finally {
    await child.end();
  }
  return Object.assign({}, ...figures);
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
