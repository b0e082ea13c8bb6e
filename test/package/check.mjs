// npm run test:package: packs the package, checks what is in it, and installs it with every package manager
// that people use. Once the archive has prebuilt binaries, once not. Nothing is compiled, and no manager complains.
import '../../.dev/install.mjs';
import { strict as assert } from 'node:assert';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { at, files, run, runNpm, runPackage } from '../../.dev/project.mjs';
import { managerChecks } from './managers.mjs';
import { must, newProject, PREBUILT, pack, prebuild, runChecks } from './tools.mjs';

/** The most bytes of the archive, with the binaries of all platforms. */
const MOST = 1_200_000;
const PLATFORMS = PREBUILT.length;

const hasBinary = prebuild();
const withPrebuilds = pack();
const { archive } = withPrebuilds;
const bare = pack({ prebuilds: false });
const project = newProject('consumer');
const inProject = { quiet: true, cwd: project };

await runChecks('package', {
  'the files in the archive': checkFiles,
  'its size': checkSize,
  'its manifest': checkManifest,
  'publint finds nothing': () => {
    must(runPackage('publint', ['run', archive, '--strict'], inProject));
  },
  'its types resolve from every kind of module': () => {
    must(runPackage('@arethetypeswrong/cli', [archive], inProject, 'attw'));
  },
  'a program in TypeScript compiles, as ESM and as CommonJS': compileConsumer,
  'and runs on the fallback': () => runConsumer('fallback'),
  ...(hasBinary && { 'and runs on the native engine': () => runConsumer('native') }),
  // Not every manager can reach the registry everywhere as npm does.
  ...(!process.argv.includes('--without-managers') &&
    managerChecks({
      'with prebuilt binaries': { archive, engine: hasBinary ? 'native' : 'fallback' },
      'without prebuilt binaries': { archive: bare.archive, engine: 'fallback' },
    })),
});

function checkFiles() {
  const compiled = files('lib', (f) => f.endsWith('.ts') && !f.endsWith('.d.ts')).flatMap((f) => {
    const stem = `dist/${f.slice(0, -'.ts'.length)}`;
    return [`${stem}.js`, `${stem}.js.map`, `${stem}.d.ts`];
  });
  const faces = ['dist/lib/index', 'dist/lib/healing/index', 'dist/lib/fleet/index'];
  const intended = [
    'package.json',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    ...compiled,
    ...faces.flatMap((f) => [`${f}.mjs`, `${f}.d.mts`]),
    ...files('dist/module'),
    ...files('prebuilds', (f) => /\.(node|json)$/.test(f)),
  ];
  const packed = withPrebuilds.files.map((f) => f.path);
  for (const { path, size } of withPrebuilds.files) console.log(`  ${size} ${path}`);
  assert.deepEqual(
    {
      missing: intended.filter((f) => !packed.includes(f)),
      superfluous: packed.filter((f) => !intended.includes(f)),
    },
    { missing: [], superfluous: [] },
  );
}

/** Estimates the size with the binaries of all platforms from that with the binaries of some. */
function checkSize() {
  const { size, unpackedSize } = withPrebuilds;
  const code = must(run('wc', ['-c', bare.archive], { quiet: true })).split(' ')[0];
  const binaries = files('prebuilds', (f) => f.endsWith('.node')).length;
  const each = binaries > 0 ? (size - Number(code)) / binaries : 0;
  const all = Math.round(Number(code) + each * PLATFORMS);
  assert(all <= MOST, `about ${all} bytes with ${PLATFORMS} binaries, more than ${MOST}`);
  return `${size} bytes packed with ${binaries} binaries (${unpackedSize} unpacked), about ${all} with ${PLATFORMS}`;
}

function checkManifest() {
  const installed = installConsumer();
  const manifest = must(run('cat', [join(installed, 'package.json')], { quiet: true }));
  const { dependencies, scripts, engines } = JSON.parse(manifest);
  assert.deepEqual(Object.keys(dependencies), ['node-gyp-build']);
  assert.equal(engines.node, '>=20.9');
  for (const hook of ['preinstall', 'install', 'postinstall']) assert(!(hook in scripts), hook);
  assert(!existsSync(join(installed, 'binding.gyp')));
}

function installConsumer() {
  must(runNpm(['install', '--prefer-offline', archive], inProject));
  return join(project, 'node_modules/accumulate-memdb');
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
  const cli = join(project, 'node_modules/accumulate-memdb/dist/lib/cli.js');
  const env = { MEMDB_ENGINE: engine };
  const command = [cli, 'heal', '--entries', '300', '--json'];
  const report = must(run(process.execPath, command, { ...inProject, env }));
  assert.equal(JSON.parse(report).engine, engine);
}
