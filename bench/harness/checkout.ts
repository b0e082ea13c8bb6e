import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './root.js';

/**
 * Checks a commit out into a temporary worktree and builds the package there; returns the folder. It
 * is removed when this process exits.
 */
export function checkout(commit: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'memdb-compare-'));
  const command = (name: string, ...args: string[]) =>
    execFileSync(name, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  process.once('exit', () => git('worktree', 'remove', '--force', folder));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

  git('worktree', 'add', '--quiet', '--detach', folder, commit);
  const lock = (of: string) => readFileSync(join(of, 'package-lock.json'), 'utf8');
  if (lock(folder) === lock(root)) {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  } else {
    command('npm', 'ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund');
  }
  command('npm', 'run', 'build');
  return folder;
}

/** The abbreviated id of a commit. Throws if there is no such commit. */
export function commitOf(name: string): string {
  return git('rev-parse', '--short=12', '--verify', `${name}^{commit}`).trim();
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' });
}
