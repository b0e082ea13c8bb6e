// npm run bench: compiles the benchmarks and runs them; arguments are theirs.
import { rmSync } from 'node:fs';
import { at, files, fingerprint, run, runPackage, Stamp } from '../.dev/project.mjs';

const stamp = new Stamp('dist/bench/.stamp');
const made = fingerprint([
  ...files('bench', (f) => f.endsWith('.ts')),
  'bench/tsconfig.json',
  'package-lock.json',
  'dist/.stamp',
]);

if (!stamp.is(made)) {
  rmSync(at('dist/bench'), { recursive: true, force: true });
  if (!runPackage('typescript', ['-p', 'bench/tsconfig.json'], {}, 'tsc').ok) process.exit(1);
  stamp.set(made);
}
const { ok } = run(process.execPath, [at('dist/bench/main.js'), ...process.argv.slice(2)]);
process.exitCode = ok ? 0 : 1;
