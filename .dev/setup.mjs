// Makes a clone ready to run, before `npm start`, `npm test` and `npm run bench`. Skips each step whose
// inputs have not changed.
import { statSync } from 'node:fs';
import { at, fail, runNpm } from './project.mjs';

const [major] = process.versions.node.split('.').map(Number);
if (major < 20) {
  fail(`accumulate-memdb: Node.js 20 or newer is needed, this is ${process.version}.`);
}

install();
// These need the dependencies.
const { buildNative } = await import('./native.mjs');
const { compile } = await import('./typescript.mjs');
if (!buildNative() || !compile()) process.exit(1);

/** npm writes `node_modules/.package-lock.json` when it has installed what `package-lock.json` asks for. */
function install() {
  const time = (path) => statSync(at(path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (time('node_modules/.package-lock.json') >= time('package-lock.json')) return;
  console.log('accumulate-memdb: installing dependencies');
  // The package's own install script would build the engine. That is our next step.
  const args = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { ok, output } = runNpm(args, { quiet: true });
  if (!ok) fail(`${output}\naccumulate-memdb: the dependencies could not be installed.`);
}
