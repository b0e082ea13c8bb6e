// Installs the dependencies of a clone, unless they are up to date. Scripts that need them run this first.
import { statSync } from 'node:fs';
import { at, fail, runNpm } from './project.mjs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 9)) {
  fail(`accumulate-memdb: Node.js 20.9 or newer is needed, this is ${process.version}.`);
}

// npm writes the first file when it has installed what the second one asks for.
const time = (path) => statSync(at(path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (time('node_modules/.package-lock.json') < time('package-lock.json')) {
  // Standard error, because some scripts are run for what they print.
  console.error('accumulate-memdb: installing dependencies');
  const args = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { ok, output } = runNpm(args, { quiet: true });
  if (!ok) fail(`${output}\naccumulate-memdb: the dependencies could not be installed.`);
}
