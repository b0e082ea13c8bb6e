import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ENGINES } from '../support/engines.js';
import { PAGES, Page, ROOT } from './page.js';
import { checkComments, compile, Programs } from './programs.js';

mkdirSync(join(ROOT, 'build'), { recursive: true });
const folder = mkdtempSync(join(ROOT, 'build', 'pages-'));
afterAll(() => rmSync(folder, { recursive: true }));

const programs = PAGES.map((page) => new Programs(page, folder)).filter((p) => p.blocks.length > 0);

/** The languages that we run, and those that we do not. */
const LANGUAGES = ['js', 'ts', 'sh', 'go', 'yaml', 'json', 'text'];

describe('the code on the pages', () => {
  it('compiles', () => compile(folder));

  describe.each(ENGINES)('runs as its comments say (%s)', (engine) => {
    it.each(programs.map((program) => [program.page.path, program] as const))(
      '%s',
      (_, program) => {
        program.run(engine);
      },
    );
  });

  it('has a language that is known', () => {
    const others = PAGES.flatMap(({ path, blocks }) =>
      blocks.filter((b) => !LANGUAGES.includes(b.language)).map((b) => `${path}:${b.line}`),
    );
    expect(others).toEqual([]);
  });

  it('is found on the README', () => {
    const count = (path: string) => programs.find((p) => p.page.path === path)?.blocks.length;
    expect(count('README.md')).toBeGreaterThanOrEqual(3);
  });
});

describe('the check of the code', () => {
  const run = (text: string) => {
    const file = join(folder, 'planted.md');
    writeFileSync(file, text);
    const path = file.slice(ROOT.length + 1);
    const planted = new Programs(new Page(path), mkdtempSync(join(folder, 'planted-')));
    planted.run(ENGINES[0] as 'native');
  };

  it.each([
    ['a value', '1 + 1; // 3'],
    ['a variable', 'const n = 1 + 1; // 3'],
    ['a line that is printed', "console.log('a'); // 'b'"],
    ['an error that is not thrown', '1 + 1; // throws TypeError'],
    ['a promise that is not rejected', 'await 1; // throws TypeError'],
    ['a block that throws', "throw new Error('no');"],
  ])('finds %s', (_, code) => {
    expect(() => run(`\`\`\`js\n${code}\n\`\`\`\n`)).toThrow('exit 1');
  });

  it('finds a wrong value in a worker of another block', () => {
    const main =
      "// main.js\nimport { Worker } from 'node:worker_threads';\nnew Worker(new URL('./w.js', import.meta.url));\n";
    const page = (value: string) =>
      `\`\`\`js\n${main}\`\`\`\n\n\`\`\`js\n// w.js\nconsole.log('a'); // ${value}\n\`\`\`\n`;
    run(page("'a'"));
    expect(() => run(page("'b'"))).toThrow('exit 1');
  });

  it('finds an error of types', () => {
    const root = mkdtempSync(join(folder, 'typed-'));
    writeFileSync(
      join(root, 'planted.mts'),
      "import { Key } from 'accumulate-memdb';\nKey.of({});\n",
    );
    expect(() => compile(root)).toThrow('TS2345');
  });

  it('leaves other comments alone', () => {
    const code = 'f(); // no prefix, writable\ng(); // 2 workers\n';
    expect(checkComments(code)).toBe(code);
  });
});
