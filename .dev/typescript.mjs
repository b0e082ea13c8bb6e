import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { at, files, fingerprint, runPackage, Stamp } from './project.mjs';

const stamp = new Stamp('dist/.stamp');

/** The modules that `exports` in package.json names. Each can be imported as CommonJS and as ESM. */
const faces = ['dist/lib/index', 'dist/lib/healing/index', 'dist/lib/fleet/index'];

function inputs() {
  return fingerprint([
    ...files('lib', (f) => f.endsWith('.ts')),
    'tsconfig.json',
    'package-lock.json',
    '.dev/typescript.mjs',
    '.dev/module.config.mjs',
  ]);
}

/** Compiles lib/ to dist/lib/, unless it is up to date. Returns whether that succeeded. */
export function compile({ force = false } = {}) {
  const made = inputs();
  if (!force && stamp.is(made)) return true;
  prune();
  const { ok } = runPackage('typescript', ['-p', 'tsconfig.json'], {}, 'tsc');
  // Even after an error: tsc writes what it can, which helps in the middle of a change.
  const done = faces.map(wrap).every(Boolean) && ok;
  const bundled = done && bundle();
  if (bundled) stamp.set(made);
  return bundled;
}

/** Writes the form for bundlers to dist/module/. */
function bundle() {
  for (const old of ['dist/module', 'build/module']) {
    rmSync(at(old), { recursive: true, force: true });
  }
  const kind = ['--module', 'esnext', '--moduleResolution', 'bundler', '--outDir', 'build/module'];
  const alone = ['--declaration', 'false', '--sourceMap', 'false'];
  const compiled = runPackage('typescript', ['-p', 'tsconfig.json', ...kind, ...alone], {}, 'tsc');
  const config = ['-c', '.dev/module.config.mjs'];
  const { ok, output } = runPackage('rolldown', config, { quiet: true });
  if (!ok) console.error(output);
  return compiled.ok && ok;
}

/**
 * Writes the ESM form of a compiled module. It re-exports the only copy of the code, so `instanceof`
 * and the engines' state hold across both ways of importing. Returns whether the module loads.
 */
function wrap(face) {
  let names;
  try {
    names = Object.keys(createRequire(import.meta.url)(at(`${face}.js`))).sort();
  } catch (error) {
    console.error(`${face}.js does not load: ${error.message.split('\n')[0]}`);
    return false;
  }
  const cjs = `./${face.split('/').at(-1)}.js`;
  writeFileSync(
    at(`${face}.mjs`),
    `import cjs from '${cjs}';\n\nexport const {\n${names.map((n) => `  ${n},\n`).join('')}} = cjs;\n`,
  );
  writeFileSync(at(`${face}.d.mts`), `export * from '${cjs}';\n`);
  return true;
}

/** Removes the output of sources that are gone. */
function prune() {
  for (const file of files('dist/lib')) {
    const source = file.slice('dist/'.length).replace(/\.(d\.mts|d\.ts|mjs|js|js\.map)$/, '.ts');
    if (!existsSync(at(source))) rmSync(at(file));
  }
}
