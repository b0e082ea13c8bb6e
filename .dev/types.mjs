// npm run types: checks the types of everything that is written in TypeScript. The tests and the
// benchmarks are checked against the declarations that the package ships.
import { files, runPackage } from './project.mjs';

let ok = true;
for (const [folder, config] of [
  ['lib', 'tsconfig.json'],
  ['test', 'tsconfig.test.json'],
  ['bench', 'tsconfig.bench.json'],
]) {
  if (files(folder, (f) => /\.m?ts$/.test(f)).length === 0) continue;
  ok = runPackage('typescript', ['--noEmit', '-p', config], {}, 'tsc').ok && ok;
}
process.exitCode = ok ? 0 : 1;
