// npm run types: checks the types of lib/, test/, bench/ and docs/examples/. All but the first are checked against the
// declarations that the package ships.
import './install.mjs';
import { runPackage } from './project.mjs';
import { compile } from './typescript.mjs';

let ok = compile();
for (const config of ['test/tsconfig.json', 'bench/tsconfig.json', 'docs/examples/tsconfig.json']) {
  ok = runPackage('typescript', ['--noEmit', '-p', config], {}, 'tsc').ok && ok;
}
process.exitCode = ok ? 0 : 1;
