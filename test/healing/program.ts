import { type ChildProcess, execFile } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';

/** The program. */
export const cli = fileURLToPath(new URL('../../dist/lib/cli.js', import.meta.url));
/** How the program ended, and what it wrote. */
export interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs the program with these arguments. */
export function run(...args: string[]): Promise<Outcome> {
  return runIn(process.env, ...args);
}

/** Runs the program in an environment. */
export async function runIn(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Outcome> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [cli, ...args], { env });
    return { status: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, stdout, stderr };
  }
}

/** Fails unless the command refused its input as it should. */
export function expectRefusal({ status, stdout, stderr }: Outcome, message: string | RegExp): void {
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^accumulate-memdb: [^\n]+\n$/);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
}

/** How a process ended, and what it wrote to standard error. */
export async function ended(
  child: ChildProcess,
): Promise<{ status: number | null; stderr: string }> {
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stderr };
}
