import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { EngineName } from '../support/engines.js';
import { type Block, type Page, ROOT } from './page.js';

const EXTENSIONS: Record<string, string> = { js: '.mjs', ts: '.mts' };

/** What a comment at the end of a statement claims: a literal, or an error. */
const LITERAL = String.raw`'[^']*'|-?\d[\d_]*n?|true|false|null|undefined|\[.*\]|\{.*\}`;
const VALUE = new RegExp(`^( *)(?!const |let |import |return | )(.+); // (${LITERAL})$`, 'gm');
const VARIABLE = new RegExp(`^( *(?:const|let) (\\w+).*?;) // (${LITERAL})$`, 'gm');
const THROWS = /^( *)(?!const |let | )(.+); \/\/ throws (\w+)$/gm;

/**
 * Turns what the comments of a program say into checks:
 *
 * - `expression; // 'value'` and `const name = expression; // 'value'`, for any literal;
 * - `console.log(expression); // 'value'`;
 * - `expression; // throws NotFoundError`.
 */
export function checkComments(code: string): string {
  const checked = code
    .replaceAll(/^( *)console\.log\((.+)\); \/\/ /gm, '$1$2; // ')
    .replaceAll(THROWS, (_, indent, statement, name) => {
      const [how, kind] = /\bawait\b/.test(statement) ? ['await ', 'async '] : ['', ''];
      const method = how === '' ? 'throws' : 'rejects';
      return `${indent}${how}docAssert.${method}(${kind}() => { ${statement}; }, { name: '${name}' });`;
    })
    .replaceAll(VARIABLE, '$1 docAssert.deepEqual($2, $3);')
    .replaceAll(VALUE, '$1docAssert.deepEqual($2, $3);');
  return checked === code ? code : `import docAssert from 'node:assert/strict';\n${checked}`;
}

/**
 * The programs in the blocks of a page.
 *
 * A block is a program of its own, after the blocks that are marked `setup`. A block whose first line is
 * a comment with a file name is that file. It runs if no other block of the page refers to it.
 */
export class Programs {
  readonly #folder: string;
  /** The files that run, in a process of their own or all in one. */
  readonly own: string[] = [];
  readonly together: string[] = [];
  readonly blocks: readonly Block[];

  /** Writes the programs into a folder inside the package, so that the package finds itself by its name. */
  constructor(
    readonly page: Page,
    root: string,
  ) {
    this.#folder = join(root, page.path.replaceAll('/', '-'));
    mkdirSync(this.#folder, { recursive: true });
    this.blocks = page.blocks.filter(
      ({ language, words }) => language in EXTENSIONS && !words.includes('signature'),
    );
    const setup = this.blocks.filter(({ words }) => words.includes('setup'));
    const before = setup.map(({ code }) => code).join('\n');
    for (const block of this.blocks) {
      const named = fileName(block);
      const inSetup = setup.includes(block);
      const code = inSetup || named !== undefined ? block.code : `${before}\n${block.code}`;
      this.#write(block, named, code);
    }
  }

  #write(block: Block, named: string | undefined, code: string): void {
    const extension = EXTENSIONS[block.language] as string;
    const stem = named?.replace(/\.\w+$/, '') ?? `line-${block.line}`;
    // The package is CommonJS, so a module's name must say that it is one. Node runs what tsc made of it.
    const text = checkComments(code).replaceAll(/(['"]\.\/[\w-]+)\.[jt]s(['"])/g, '$1.mjs$2');
    // What tsc reads must be a module, so that blocks do not share names.
    writeFileSync(join(this.#folder, `${stem}${extension}`), `${text}\nexport {};\n`);
    const runs = named === undefined || !this.blocks.some((b) => refersTo(b, named));
    if (!runs) return;
    (named === undefined ? this.together : this.own).push(`${stem}.mjs`);
  }

  /** Runs all programs of the page. Throws with what the first that fails wrote. */
  run(engine: EngineName): void {
    const all = 'for (const file of process.argv.slice(1)) await import(file);';
    const urls = this.together.map((file) => `file://${join(this.#folder, file)}`);
    if (urls.length > 0) this.#node(engine, ['--input-type=module', '--eval', all, ...urls]);
    for (const file of this.own) this.#node(engine, [file]);
  }

  #node(engine: EngineName, args: string[]): void {
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: this.#folder,
      env: { ...process.env, MEMDB_ENGINE: engine },
      encoding: 'utf8',
      timeout: 50_000,
    });
    if (status === 0) return;
    throw new Error(`${this.page.path}: exit ${status ?? signal}\n${stdout}${stderr}`);
  }
}

/** Compiles the programs in TypeScript of all pages. Throws with what the compiler says. */
export function compile(root: string): void {
  const config = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: { rootDir: '.', outDir: '.', declaration: false, noUnusedLocals: false },
    include: ['**/*.mts'],
    exclude: [],
  };
  const path = join(root, 'tsconfig.json');
  writeFileSync(path, JSON.stringify(config));
  const { bin } = JSON.parse(
    readFileSync(join(ROOT, 'node_modules/typescript/package.json'), 'utf8'),
  );
  const tsc = join(ROOT, 'node_modules/typescript', bin.tsc);
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stdout);
}

function fileName({ code }: Block): string | undefined {
  return /^\/\/ ([\w-]+\.m?[jt]s)\n/.exec(code)?.[1];
}

function refersTo({ code }: Block, file: string): boolean {
  return code.includes(`./${basename(file)}`);
}
