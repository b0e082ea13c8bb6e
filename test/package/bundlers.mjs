// npm run test:bundlers: a program that uses every part of the package is bundled by what people bundle with.
// The bundle never crashes because of this package. By itself it runs on the fallback. With prebuilds/ next
// to it, as its bundler or a copy step puts it there, it runs on the native engine.
import '../../.dev/setup.mjs';
import { strict as assert } from 'node:assert';
import { chmodSync, copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, run, runNpm } from '../../.dev/project.mjs';
import { fetchTools, must, newProject, pack, prebuild, runChecks, scratch } from './tools.mjs';

const hasBinary = prebuild();
const { archive } = pack();
const BUNDLERS = [
  'esbuild',
  'webpack',
  'rollup',
  'rollup-resolve',
  'rollup-commonjs',
  'vite',
  'ncc',
];
const tool = fetchTools(...BUNDLERS, 'node22', 'postject');

/** The source, as people write it: without top-level await, so that CommonJS can be made of it. */
const SOURCE = `
import { Key, MemDB, engineInfo } from 'accumulate-memdb';
import { heal } from 'accumulate-memdb/healing';
const db = new MemDB();
db.update((batch) => batch.put(Key.of('key'), 'value'));
const value = db.view((batch) => String(batch.get(Key.of('key'))));
db.close();
heal({ entries: 200 }).then((report) => {
  const { failed, count } = report.receipts;
  console.log(JSON.stringify({ ...engineInfo(), value, failed, count, notes: report.notes }));
});
`;

const project = newProject('bundlers');
writeFileSync(join(project, 'main.mjs'), SOURCE);
must(runNpm(['install', '--prefer-offline', archive], { quiet: true, cwd: project }));

const node = (script, ...args) =>
  must(run(process.execPath, [script, ...args], { quiet: true, cwd: project }));

/** Returns the file that it makes. */
function esbuild(format, out) {
  const options = ['--bundle', '--platform=node', `--format=${format}`, `--outfile=${out}`];
  node(tool('esbuild', 'bin/esbuild'), 'main.mjs', ...options);
  return out;
}

/** How each makes a bundle, and which file that is. */
const ways = {
  'esbuild, CommonJS': () => esbuild('cjs', 'out/a.cjs'),
  'esbuild, ESM': () => esbuild('esm', 'out/b.mjs'),
  webpack: () => {
    const config = {
      mode: 'production',
      target: 'node',
      entry: './main.mjs',
      output: { path: join(project, 'out'), filename: 'c.cjs' },
    };
    byApi(`
      import webpack from ${JSON.stringify(`file://${tool('webpack', 'lib/index.js')}`)};
      webpack(${JSON.stringify(config)}, (error, stats) => {
        if (error || stats.hasErrors() || stats.hasWarnings()) throw error ?? new Error(stats.toString());
      });`);
    return 'out/c.cjs';
  },
  rollup: () => {
    byApi(`
      import { rollup } from ${JSON.stringify(`file://${tool('rollup', 'dist/es/rollup.js')}`)};
      import resolve from ${JSON.stringify(`file://${tool('rollup-resolve', 'dist/es/index.js')}`)};
      import commonjs from ${JSON.stringify(`file://${tool('rollup-commonjs', 'dist/es/index.js')}`)};
      const bundle = await rollup({ input: 'main.mjs', plugins: [resolve({ preferBuiltins: true }), commonjs()] });
      await bundle.write({ file: 'out/d.mjs', format: 'es', inlineDynamicImports: true });`);
    return 'out/d.mjs';
  },
  vite: () => {
    byApi(`
      import { build } from ${JSON.stringify(`file://${tool('vite', 'dist/node/index.js')}`)};
      await build({ logLevel: 'warn', configFile: false, ssr: { noExternal: true },
        build: { ssr: 'main.mjs', outDir: 'out/vite', rollupOptions: { output: { entryFileNames: 'e.mjs' } } } });`);
    return 'out/vite/e.mjs';
  },
  ncc: () => {
    node(tool('ncc', 'dist/ncc/cli.js'), 'build', 'main.mjs', '-o', 'out/ncc');
    return 'out/ncc/index.mjs';
  },
};

const checks = {};
for (const [name, make] of Object.entries(ways))
  checks[name] = () => checkBundle(join(project, make()));
checks['a single executable'] = checkExecutable;
await runChecks('bundlers', checks);

function byApi(code) {
  writeFileSync(join(project, 'bundle.mjs'), code);
  node('bundle.mjs');
}

/** Runs a bundle in a folder without node_modules: by itself, and with the binaries. */
function checkBundle(bundle) {
  const away = newFolder();
  cpSync(join(bundle, '..'), away, { recursive: true });
  return checkProgram(away, [process.execPath, join(away, bundle.split('/').at(-1))]);
}

function checkProgram(away, [command, ...args]) {
  const result = () =>
    JSON.parse(must(run(command, args, { quiet: true, cwd: '/', env: { MEMDB_ENGINE: '' } })));
  const alone = result();
  assert.deepEqual([alone.value, alone.failed, alone.count], ['value', 0, 200]);
  if (!hasBinary) return alone.engine;
  cpSync(at('prebuilds'), join(away, 'prebuilds'), { recursive: true });
  const complete = result();
  assert.equal(complete.engine, 'native', JSON.stringify(complete));
  return `${alone.engine}, with prebuilds/ ${complete.engine}`;
}

/** Node.js 22 and the bundle of esbuild in one file. */
function checkExecutable() {
  const away = newFolder();
  esbuild('cjs', 'out/sea.cjs');
  const config = {
    main: 'out/sea.cjs',
    output: 'out/sea.blob',
    disableExperimentalSEAWarning: true,
  };
  writeFileSync(join(project, 'sea.json'), JSON.stringify(config));
  const runtime = tool('node22', 'bin/node');
  must(run(runtime, ['--experimental-sea-config', 'sea.json'], { quiet: true, cwd: project }));
  const program = join(away, 'program');
  copyFileSync(runtime, program);
  chmodSync(program, 0o755);
  const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
  node(
    tool('postject', 'dist/cli.js'),
    program,
    'NODE_SEA_BLOB',
    'out/sea.blob',
    '--sentinel-fuse',
    fuse,
  );
  return checkProgram(away, [program]);
}

function newFolder() {
  const away = join(scratch, 'away');
  rmSync(away, { recursive: true, force: true });
  mkdirSync(away);
  return away;
}
