// Builds and runs the core's own tests, which need no Node: test/native/*.cc with native/core/*.cc.
//
//   node .dev/native-test.mjs [--sanitize KINDS] [--plant-race] [ARGUMENTS OF THE TESTS]
//
// With --plant-race the tests are built with MEMDB_PLANT_RACE, and it is an error if the race that
// this puts into them is not reported.
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { at, fail, files, fingerprint, run, Stamp, which } from './project.mjs';

const { values: options, positionals } = parseArgs({
  options: {
    sanitize: { type: 'string' },
    'plant-race': { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

const compiler = (
  process.env.CXX ??
  which('g++', 'clang++') ??
  fail('No C++ compiler found.')
).split(' ');
const optimise = options.sanitize ? ['-O1', '-fno-omit-frame-pointer'] : ['-O2'];
const sanitize = options.sanitize
  ? [`-fsanitize=${options.sanitize}`, '-fno-sanitize-recover=all']
  : [];
const plant = options['plant-race'] ? ['-DMEMDB_PLANT_RACE'] : [];
const flags = ['-std=c++20', '-g', '-Wall', '-Wextra', '-Werror', '-Inative', '-pthread'];
flags.push(...optimise, ...sanitize, ...plant);

// Lets test/native/memory.cc fail an allocation of the core and count its pages.
const wrapped = ['malloc', 'calloc', 'mmap', 'munmap'].map((name) => `-Wl,--wrap=${name}`);
const linking = process.platform === 'linux' ? wrapped : [];

const folder = `build/test/${[options.sanitize ?? 'plain', ...(plant.length ? ['race'] : [])].join('-')}`;
const program = at(folder, 'test');
if (!(await build())) process.exit(1);
runTests();

/** Compiles what has changed since the last time, as many files at once as there are processors. */
async function build() {
  const sources = [
    ...files('native/core', (f) => f.endsWith('.cc')),
    ...files('test/native', (f) => f.endsWith('.cc')),
  ];
  if (!sources.some((f) => f.startsWith('test/native/'))) fail('test/native: no tests.');
  const headers = ['native/core', 'test/native'].flatMap((d) => files(d, (f) => f.endsWith('.h')));
  const command = [...compiler, ...flags];
  mkdirSync(at(folder), { recursive: true });

  const objects = [];
  const waiting = [];
  for (const source of sources) {
    const object = at(folder, `${source.replaceAll('/', '.')}.o`);
    const stamp = new Stamp(`${folder}/${basename(object)}.stamp`);
    const made = fingerprint([source, ...headers], command);
    objects.push(object);
    if (!stamp.is(made)) waiting.push({ source, object, stamp, made });
  }
  if (waiting.length === 0 && new Stamp(`${folder}/linked`).is(objects.join())) return true;

  rmSync(at(folder, 'linked'), { force: true });
  let ok = true;
  const worker = async () => {
    for (let next = waiting.shift(); next && ok; next = waiting.shift()) {
      const { source, object, stamp, made } = next;
      if (await compile([...command, '-c', source, '-o', object])) stamp.set(made);
      else ok = false;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  ok &&= run(command[0], [...command.slice(1), ...linking, ...objects, '-o', program]).ok;
  if (ok) new Stamp(`${folder}/linked`).set(objects.join());
  return ok;
}

function compile([command, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: at(), stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });
}

function runTests() {
  const planted = options['plant-race'];
  const { ok, output, error } = run(program, positionals, {
    quiet: planted,
    env: {
      ASAN_OPTIONS: 'detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1',
      UBSAN_OPTIONS: 'print_stacktrace=1',
      TSAN_OPTIONS: 'second_deadlock_stack=1',
    },
  });
  if (error) fail(`The tests could not be run: ${error.message}`);
  if (!planted) {
    if (!ok) fail(`The core's tests failed (${options.sanitize ?? 'plain'}).`);
  } else if (ok || !output.includes('ThreadSanitizer: data race')) {
    console.error(output);
    fail('The planted race was not reported.');
  } else {
    console.log('The planted race was reported, as it must be.');
  }
}
