import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ENGINES } from './support/engines.js';

const ROOT = resolve(__dirname, '..');

const [first, main, worker] = [
  ...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/```js\n(.*?)```/gs),
].map((match) => match[1] as string) as [string, string, string];

/** Turns a line `expression; // 'value'` into a line that fails if the value differs. */
function checkValues(code: string): string {
  const checked = code.replace(/^(.+); \/\/ ('.*'|undefined)$/gm, 'assert.equal($1, $2);');
  return `import assert from 'node:assert/strict';\n${checked}`;
}

describe.each(ENGINES)('the examples of the README (%s)', (engine) => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  /** Runs the first of the files inside the package, so that the package finds itself by its name. */
  function run(files: Record<string, string>): string {
    mkdirSync(join(ROOT, 'build'), { recursive: true });
    const folder = mkdtempSync(join(ROOT, 'build', 'readme-'));
    folders.push(folder);
    for (const [name, code] of Object.entries(files)) writeFileSync(join(folder, name), code);
    return execFileSync(process.execPath, [join(folder, Object.keys(files)[0] as string)], {
      env: { ...process.env, MEMDB_ENGINE: engine },
      encoding: 'utf8',
      timeout: 30_000,
    });
  }

  it('give the values that their comments say', () => {
    const code = checkValues(first);
    expect(code.match(/assert\.equal/g)).toHaveLength(2);
    expect(run({ 'first.mjs': code })).toBe('');
  });

  it('share a database with a worker', () => {
    const files = { 'main.mjs': main.replace('worker.js', 'worker.mjs'), 'worker.mjs': worker };
    expect(run(files)).toBe('hello from the main thread\n');
  });
});
