// npm run lint:prose: checks the prose of the files that are named, or else of the whole repository. The
// exit status is 1 if there is a fault.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { TextlintKernel } from '@textlint/kernel';
import { plugin } from './plugin.mjs';
import { MOST_WORDS, rules } from './rules.mjs';

/** Patterns of git, in which a star stands for folders too. */
const PROSE = [
  '*.md',
  'docs/*.mjs',
  'lib/*.ts',
  'native/*.h',
  'test/*.h',
  'test/*.mjs',
  'test/*.ts',
];

function filesToCheck() {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '--', ...PROSE];
  const files = execFileSync('git', args, { encoding: 'utf8' }).split('\0');
  // One that was deleted and not committed is still listed.
  return files.filter((file) => file !== '' && existsSync(file));
}

function text({ ruleId, message }) {
  if (ruleId !== 'sentence-length') return message;
  const gaps = Number(/length\((\d+)/.exec(message)[1]);
  return `A sentence of ${gaps + 1} words; write at most ${MOST_WORDS}`;
}

const named = process.argv.slice(2);
const files = named.length > 0 ? named : filesToCheck();
const kernel = new TextlintKernel();
let faults = 0;
for (const file of files) {
  const options = { ext: extname(file), filePath: file, plugins: [plugin], rules };
  const { messages } = await kernel.lintText(readFileSync(file, 'utf8'), options);
  for (const message of messages) console.error(`${file}:${message.line} ${text(message)}`);
  faults += messages.length;
}
console.log(`Checked the prose of ${files.length} files: ${faults} faults.`);
process.exitCode = files.length > 0 && faults === 0 ? 0 : 1;
