// npm run pages: writes the pages that are made from doc comments.
//
//   node .pages/make.mjs [--check]
//
// With --check it writes nothing. The exit status is 1 if a page is not up to date. In both forms it is 1 if
// a doc comment lacks something.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { at } from '../.dev/project.mjs';
import { apiPage } from './api.mjs';
import { lacks } from './check.mjs';
import { errorsPage } from './errors.mjs';
import { readEntries } from './model.mjs';

const entries = readEntries();
const [main] = entries;
const pages = new Map([
  ...entries.map((entry) => [entry.page, apiPage(entry, main)]),
  ['docs/errors.md', errorsPage(entries)],
]);

const faults = lacks(entries);
for (const [path, text] of pages) {
  if (existsSync(at(path)) && readFileSync(at(path), 'utf8') === text) continue;
  if (process.argv.includes('--check')) {
    faults.push(`${path} is not up to date: npm run pages`);
  } else {
    writeFileSync(at(path), text);
    console.log(`wrote ${path}`);
  }
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
