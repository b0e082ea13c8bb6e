// npm run test:runtimes: the package on other runtimes than the one that built it.
//
//   node test/package/runtimes.mjs [--suite 24]... [--only-suite]
//
// A program that uses every part of the package runs on each of them, with both engines. With --suite, the
// whole test suite also runs on that version of Node.js.
import '../../.dev/setup.mjs';
import { strict as assert } from 'node:assert';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { at, run, runNpm } from '../../.dev/project.mjs';
import { fetchTools, must, newProject, pack, prebuild, runChecks } from './tools.mjs';

const { values: options } = parseArgs({
  options: {
    suite: { type: 'string', multiple: true, default: [] },
    'only-suite': { type: 'boolean', default: false },
  },
});

const tool = fetchTools('node20', 'node22', 'node24', 'node26', 'bun', 'deno');
const node = (major) => tool(`node${major}`, 'bin/node');
const hasBinary = prebuild();
const project = newProject('runtimes');
must(runNpm(['install', '--prefer-offline', pack().archive], { quiet: true, cwd: project }));
copyFileSync(at('test/package/program.mjs'), join(project, 'program.mjs'));

const deno = [tool('deno', 'deno'), 'run'];
const denoEnv = { DENO_DIR: join(project, '.deno'), DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' };
const RUNTIMES = {
  'Node.js 20.9': { command: [node(20)] },
  'Node.js 22': { command: [node(22)] },
  'Node.js 24': { command: [node(24)] },
  'Node.js 26': { command: [node(26)] },
  Bun: { command: [tool('bun', 'bin/bun')] },
  Deno: { command: [...deno, '-A'], env: denoEnv },
};
const permission = ['--allow-worker', `--allow-fs-read=${join(project, '*')}`];
/** Where the binary may not be loaded: the fallback runs, and `engineInfo` says why. */
const FORBIDDEN = {
  'Node.js 20.9, permissions': [node(20), '--experimental-permission', ...permission],
  'Node.js 22, permissions': [node(22), '--experimental-permission', ...permission],
  'Node.js 24, permissions': [node(24), '--permission', ...permission],
  'Node.js 26, permissions': [node(26), '--permission', ...permission],
  'Deno, no permissions': deno,
};

const checks = {};
if (!options['only-suite']) {
  for (const engine of hasBinary ? ['native', 'fallback'] : ['fallback']) {
    for (const [name, { command, env }] of Object.entries(RUNTIMES)) {
      checks[`${name}, ${engine}`] = () => {
        const report = runProgram(command, [engine], env);
        assert.equal(report.used, engine);
        if (engine === 'native') assert.deepEqual(report.tried, []);
      };
    }
  }
  for (const [name, command] of Object.entries(FORBIDDEN)) {
    checks[name] = () => {
      const { engine, used, tried } = runProgram(command, [], denoEnv);
      assert.deepEqual([engine, used], ['fallback', 'fallback']);
      assert(tried.length > 0);
      return tried.at(-1).why;
    };
  }
}
for (const major of options.suite) {
  checks[`the whole suite on Node.js ${major}`] = () => {
    const script = [
      at('node_modules/vitest/vitest.mjs'),
      'run',
      '--config',
      'test/vitest.config.mjs',
    ];
    must(run(node(major), script, { env: { MEMDB_REQUIRE_NATIVE: '1' } }));
  };
}
await runChecks('runtimes', checks);

/** Runs the program, which checks itself, and returns what it reports. */
function runProgram([command, ...flags], args, env = {}) {
  const all = [...flags, join(project, 'program.mjs'), ...args];
  const surroundings = { MEMDB_ENGINE: '', ...env };
  return JSON.parse(must(run(command, all, { quiet: true, cwd: project, env: surroundings })));
}
