import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PAGES, ROOT } from './page.js';

const load = (file: string) => import(pathToFileURL(join(ROOT, '.pages', file)).href);

describe('the exports', () => {
  it('have a summary, an example and their errors, and stand on pages that are up to date', () => {
    const check = () =>
      execFileSync(process.execPath, [join(ROOT, '.pages/make.mjs'), '--check'], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
    expect(check).not.toThrow();
  }, 120_000);

  it('include every class of errors, each with its code', () => {
    const page = PAGES.find(({ path }) => path === 'docs/errors.md');
    const rows = [...(page?.text.matchAll(/^\| `(ERR_\w+)` \| \[`(\w+)`\]/gm) ?? [])];
    const [codes, names] = [rows.map(([, code]) => code), rows.map(([, , name]) => name)];
    expect(new Set(codes).size).toBe(codes.length);
    expect(names).toContain('LockTimeoutError');
    for (const name of names) expect(page?.anchors).toContain(name?.toLowerCase());
  });
});

describe('the check of doc comments', async () => {
  const { lacks } = await load('check.mjs');
  const { Item } = await load('model.mjs');

  const WHOLE =
    '/** Does it.\n * @throws TypeError if not.\n * @example\n * ```ts\n * f();\n * ```\n */';
  const lacksOf = (item: object) => lacks([{ name: 'p', exports: [new Item(item)] }]).join('\n');
  const token = (text: string) => [{ kind: 'Content', text }];
  const fn = (docComment: string) => ({
    kind: 'Function',
    name: 'f',
    docComment,
    excerptTokens: token('export declare function f(): void;'),
  });

  it('accepts a whole comment', () => {
    expect(lacksOf(fn(WHOLE))).toBe('');
  });

  it.each([
    ['a summary', WHOLE.replace('Does it.', ''), 'no summary'],
    ['an example', WHOLE.replaceAll('```', ''), 'no @example'],
    ['the errors', WHOLE.replace('@throws TypeError if not.', ''), 'no @throws'],
    ['everything', '', 'no summary'],
  ])('misses %s', (_, comment, fault) => {
    expect(lacksOf(fn(comment))).toContain(`p: f has ${fault}`);
  });

  it('misses what to do about an error, and the summary of a method', () => {
    const method = {
      kind: 'Method',
      name: 'm',
      docComment: '',
      excerptTokens: token('m(): void;'),
    };
    const error = {
      ...fn(WHOLE),
      kind: 'Class',
      excerptTokens: token('export declare class F extends MemDBError'),
      members: [method],
    };
    expect(lacksOf(error)).toContain('no @remarks that says what to do');
    expect(lacksOf(error)).toContain('no summary of m');
  });
});
