// Makes a clone ready to run: what `npm start` and `npm test` do first. Each step is skipped when
// nothing that it depends on has changed.
import { statSync } from 'node:fs';
import { at, fail, runNpm } from './project.mjs';

const [major] = process.versions.node.split('.').map(Number);
if (major < 20) {
  fail(`accumulate-memdb: Node.js 20 or newer is needed, this is ${process.version}.`);
}

install();
// Not before the dependencies are there.
const { buildNative } = await import('./native.mjs');
const { compile } = await import('./typescript.mjs');
if (!buildNative() || !compile()) process.exit(1);

/** npm writes the second of these files whenever it has installed what the first asks for. */
function install() {
  const time = (path) => statSync(at(path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (time('node_modules/.package-lock.json') >= time('package-lock.json')) return;
  console.log('accumulate-memdb: installing dependencies');
  // The package's own install script would build the engine; that is the next step here.
  const args = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { ok, output } = runNpm(args, { quiet: true });
  if (!ok) fail(`${output}\naccumulate-memdb: the dependencies could not be installed.`);
}
