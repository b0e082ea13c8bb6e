// npm run bench, bench:compare and others: compiles the benchmarks and runs a program of theirs.
//
//   node bench/bench.mjs main|compare [ARGUMENTS OF THE PROGRAM]
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
const [program, ...args] = process.argv.slice(2);
const { ok } = run(process.execPath, [at(`dist/bench/${program}.js`), ...args]);
process.exitCode = ok ? 0 : 1;
