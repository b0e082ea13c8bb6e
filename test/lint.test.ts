import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'memdb-lint-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(file: string, text: string): string {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** Runs a script with Node. Returns its exit status and everything that it wrote. */
function run(script: string, args: string[], cwd = root): { status: number; output: string } {
  try {
    const output = execFileSync(process.execPath, [script, ...args], { cwd, stdio: 'pipe' });
    return { status: 0, output: output.toString() };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: Buffer; stderr: Buffer };
    return { status, output: `${stdout}${stderr}` };
  }
}

describe('the prose check', () => {
  const check = (file: string, text: string) =>
    run('.prose/check.mjs', file === '' ? [] : [write(file, text)]);
  const words = (count: number) => `${Array(count).fill('word').join(' ')}.\n`;

  it('accepts plain sentences of 25 words', () => {
    expect(check('good.md', words(25) + words(25)).status).toBe(0);
  });

  it.each([
    ['a paragraph', 'long.md', words(26)],
    ['a table', 'table.md', `| a |\n|---|\n| ${words(26).trim()} |\n`],
    ['a doc comment', 'long.ts', `/**\n * Short.\n * ${words(26)} */\nexport const a = 1;\n`],
    ['a comment of a member', 'member.ts', `class A {\n    /** ${words(26).trim()} */\n}\n`],
    ['a tag', 'tag.ts', `/**\n * Short\n * @throws ${words(25)} */\n`],
    ['a C++ comment', 'long.h', `#pragma once\n// ${words(13).replace('.', '')}// ${words(13)}`],
  ])('refuses a sentence of 26 words in %s', (_, file, text) => {
    const { status, output } = check(file, text);
    expect(output).toContain('A sentence of 26 words');
    expect(status).toBe(1);
  });

  it.each([
    ['words.md', 'It answers the question.\n'],
    ['words.ts', '/**\n * The memory cannot be\n * had.\n */\n'],
  ])('refuses a word of the list in %s, and says which', (file, text) => {
    const { status, output } = check(file, text);
    expect(output).toMatch(/use “(returns|cannot be allocated)” instead/);
    expect(status).toBe(1);
  });

  it('leaves code alone', () => {
    const code = `\`answers\`\n\n\`\`\`ts\n// It answers.\n\`\`\`\n`;
    expect(check('code.md', code).status).toBe(0);
    expect(check('code.ts', `export const text = 'It answers.';\n`).status).toBe(0);
  });
});

it('import circles of types are refused', () => {
  copyFileSync(join(root, '.biome.json'), join(folder, '.biome.json'));
  write('lib/a.ts', `import type { B } from './b.js';\n\nexport type A = B | 1;\n`);
  write('lib/b.ts', `import type { A } from './a.js';\n\nexport type B = A | 2;\n`);
  const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
  const { status, output } = run(biome, ['lint', 'lib'], folder);
  expect(output).toContain('noImportCycles');
  expect(status).toBe(1);
});
