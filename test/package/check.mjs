// npm run test:package: packs the package, checks what is in it, and installs it in an empty project. There
// it uses the package as users will: imported, required, typed, with and without the native engine.
import { strict as assert } from 'node:assert';
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { at, files, run, runNpm, runPackage, which } from '../../.dev/project.mjs';
import { withoutCompiler } from './without-compiler.mjs';

const project = mkdtempSync(join(tmpdir(), 'memdb-package-'));
const installed = join(project, 'node_modules', 'accumulate-memdb');
const archive = join(project, 'package.tgz');
const inProject = { quiet: true, cwd: project };

const checks = {
  'the files in the archive': checkFiles,
  'publint finds nothing': () =>
    must(runPackage('publint', ['run', archive, '--strict'], inProject)),
  'its types resolve from every kind of module': () => {
    const args = [archive, '--profile', 'node16'];
    must(runPackage('@arethetypeswrong/cli', args, inProject, 'attw'));
  },
  'it installs in an empty project': install,
  'a program in TypeScript compiles, as ESM and as CommonJS': compileConsumer,
  'and runs on the fallback': () => runConsumer('fallback'),
  'its install script, without a compiler': installWithoutCompiler,
  ...(which('c++', 'g++', 'clang++') && {
    'its install script, with a compiler': installWithCompiler,
    'and the program runs on the native engine': () => runConsumer('native'),
  }),
};

try {
  for (const [what, check] of Object.entries(checks)) {
    console.log(`Package: ${what}`);
    check();
  }
} finally {
  rmSync(project, { recursive: true });
}

/** Returns the output of a command. Throws if the command failed. */
function must({ ok, stdout, output, error }) {
  if (!ok) throw new Error(error ? error.message : output);
  return stdout;
}

function checkFiles() {
  const report = must(runNpm(['pack', '--json', '--pack-destination', project], { quiet: true }));
  const [{ filename, files: inside }] = JSON.parse(report.slice(report.indexOf('[')));
  copyFileSync(join(project, filename), archive);

  const compiled = files('lib', (f) => f.endsWith('.ts') && !f.endsWith('.d.ts')).flatMap((f) => {
    const stem = `dist/${f.slice(0, -'.ts'.length)}`;
    return [`${stem}.js`, `${stem}.d.ts`];
  });
  const faces = ['dist/lib/index', 'dist/lib/healing/index', 'dist/lib/fleet/index'];
  const intended = [
    'package.json',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'binding.gyp',
    ...compiled,
    ...faces.flatMap((f) => [`${f}.mjs`, `${f}.d.mts`]),
    ...files('native'),
    ...files('prebuilds'),
  ];
  const packed = inside.map((f) => f.path);
  assert.deepEqual(
    {
      missing: intended.filter((f) => !packed.includes(f)),
      superfluous: packed.filter((f) => !intended.includes(f)),
    },
    { missing: [], superfluous: [] },
  );
}

function install() {
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
  must(runNpm(['install', '--ignore-scripts', '--prefer-offline', archive], inProject));
}

/** One program serves for both kinds of module; only the ending of its name differs. */
function compileConsumer() {
  for (const kind of ['mts', 'cts']) {
    copyFileSync(at('test/package/consumer.ts'), join(project, `consumer.${kind}`));
  }
  const options = ['--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext'];
  const libraries = ['--target', 'es2022', '--lib', 'es2023,es2024.sharedmemory,esnext.disposable'];
  const types = ['--types', 'node', '--typeRoots', at('node_modules/@types')];
  const sources = ['consumer.mts', 'consumer.cts'];
  must(
    runPackage('typescript', [...options, ...libraries, ...types, ...sources], inProject, 'tsc'),
  );
}

function runConsumer(engine) {
  for (const kind of ['mjs', 'cjs']) {
    const output = must(run(process.execPath, [`consumer.${kind}`, engine], inProject));
    assert.equal(output, `${engine}: value1\n`);
  }
  const command = [join(installed, 'dist/lib/cli.js'), 'heal', '--entries', '300', '--json'];
  const env = { MEMDB_ENGINE: engine };
  const report = must(run(process.execPath, command, { ...inProject, env }));
  assert.equal(JSON.parse(report).engine, engine);
}

function installWithoutCompiler() {
  const output = withoutCompiler((env) =>
    must(runNpm(['run', 'install'], { quiet: true, cwd: installed, env })),
  );
  assert.match(output, /the TypeScript fallback is used/);
  assert(!existsSync(join(installed, 'build/Release/accumulate_memdb.node')));
}

function installWithCompiler() {
  must(runNpm(['run', 'install'], { quiet: true, cwd: installed }));
  assert(existsSync(join(installed, 'build/Release/accumulate_memdb.node')));
}
