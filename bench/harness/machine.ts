import { execFileSync } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';
import { root } from './root.js';

/** The machine, and the commit that was measured. */
export interface Machine {
  readonly date: string;
  readonly commit: string;
  readonly node: string;
  readonly system: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memory: string;
  /** The load average of the minute before. */
  readonly load: number;
}

export function thisMachine(): Machine {
  const cores = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    node: process.version,
    system: `${process.platform} ${process.arch}`,
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}

/** The commit that is checked out; "with changes" if the sources differ from it. */
function commit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, {
        cwd: root,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    const changed = git('status', '--porcelain', '--', 'lib', 'native', 'bench').trim() !== '';
    return git('rev-parse', '--short=12', 'HEAD').trim() + (changed ? ' with changes' : '');
  } catch {
    return 'unknown';
  }
}

/** One line for each property. */
export function describe(machine: Machine): string {
  return Object.entries(machine)
    .map((pair) => pair.join(': '))
    .join('\n');
}
