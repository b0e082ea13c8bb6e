import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DOCUMENTS, Page, ROOT } from './page.js';

const { repository } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
/** Where the repository is: `repository` of package.json is the only place that decides it. */
const ADDRESS = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
/** The forms of an address of a file: its page, its folder's page, the file itself. */
const OF_FILE = new RegExp(`^${ADDRESS}/(?:blob|tree|raw)/main/`);

/** What is wrong with a link, or undefined. */
function fault(page: Page, link: string): string | undefined {
  if (link.startsWith(ADDRESS) && !OF_FILE.test(link)) {
    const rest = link.slice(ADDRESS.length);
    return /^(\/(issues|actions|security\/advisories\/new))?$/.test(rest)
      ? undefined
      : 'no such page';
  }
  if (/^[a-z]+:/.test(link) && !OF_FILE.test(link)) {
    return new URL(link).protocol === 'https:' ? undefined : 'not https';
  }
  // On npm, a relative link of the README leads nowhere.
  if (page.path === 'README.md' && !OF_FILE.test(link)) return `write ${ADDRESS}/blob/main/...`;
  const [file = '', anchor] = link.replace(OF_FILE, '').split('#') as [string, string?];
  const base = OF_FILE.test(link) ? '' : dirname(page.path);
  const path = file === '' ? page.path : join(base, file);
  if (!existsSync(join(ROOT, path))) return 'there is no such file';
  if (anchor === undefined) return undefined;
  if (statSync(join(ROOT, path)).isDirectory()) return 'a folder has no headings';
  return new Page(path).anchors.includes(anchor) ? undefined : 'there is no such heading';
}

describe('links', () => {
  it.each(DOCUMENTS.map((page) => [page.path, page] as const))('of %s resolve', (_, page) => {
    const faults = page.links.map((link) => [link, fault(page, link)]);
    expect(faults.filter(([, why]) => why !== undefined)).toEqual([]);
  });

  it.each([
    ['docs/nothing.md', 'there is no such file'],
    [`${ADDRESS}/blob/main/docs/nothing.md`, 'there is no such file'],
    ['CHANGELOG.md#nothing', 'there is no such heading'],
    [`${ADDRESS}/wiki`, 'no such page'],
    ['http://example.org/', 'not https'],
  ])('to %s are found to be wrong', (link, why) => {
    expect(fault(new Page('CHANGELOG.md'), link)).toBe(why);
  });

  it('of the README are absolute', () => {
    expect(fault(new Page('README.md'), 'CHANGELOG.md')).toMatch(/^write https:/);
  });
});

describe('the commands on the pages', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

  it.each(DOCUMENTS.map((page) => [page.path, page] as const))('of %s exist', (_, page) => {
    const named = [...page.text.matchAll(/npm run (?:--silent |-s )?([\w:-]+)/g)].map(([, s]) => s);
    expect(named.filter((script) => !((script as string) in scripts))).toEqual([]);
  });
});
