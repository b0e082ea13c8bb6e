// Builds and runs the core's own tests, which need no Node: test/native/*.cc, native/core/*.cc and the
// parts of native/binding that need none.
//
//   node test/native/native-test.mjs [--sanitize KINDS] [--plant-race] [ARGUMENTS OF THE TESTS]
//
// With --plant-race the tests are built with MEMDB_PLANT_RACE, which puts a race into them. It is an
// error if that race is not reported.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { at, fail, files, fingerprint, run, Stamp, which } from '../../.dev/project.mjs';

const { values: options, positionals } = parseArgs({
  options: {
    sanitize: { type: 'string' },
    'plant-race': { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const kind = options.sanitize ?? 'plain';
const planted = options['plant-race'];

const compiler = process.env.CXX || which('g++', 'clang++') || fail('No C++ compiler found.');
const flags = [
  '-std=c++20',
  '-g',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-Inative',
  '-pthread',
  '-DMEMDB_COUNT_STEPS',
];
if (options.sanitize) {
  flags.push('-O1', '-fno-omit-frame-pointer');
  flags.push(`-fsanitize=${kind}`, '-fno-sanitize-recover=all');
} else {
  flags.push('-O2');
}

// The parts of the binding that need no Node.
const NODELESS = ['exchange.h', 'exchange.cc', 'id_table.h'].map((f) => `native/binding/${f}`);

// Lets test/native/memory.cc fail an allocation of the core and count its pages.
const wrapped = ['malloc', 'calloc', 'mmap', 'munmap'].map((name) => `-Wl,--wrap=${name}`);
const linking = process.platform === 'linux' ? wrapped : [];

const folder = `build/test/${kind}`;
const program = at(folder, planted ? 'race' : 'test');
if (!(await build())) process.exit(1);
runTests();

/** Compiles and links what has changed since the last time. Returns whether that succeeded. */
async function build() {
  const objects = plan();
  const linked = new Stamp(`${program}.stamp`);
  const made = JSON.stringify(objects.map((o) => o.made));
  if (linked.is(made)) return true;

  mkdirSync(at(folder), { recursive: true });
  rmSync(linked.path, { force: true });
  const waiting = objects.filter((o) => !o.stamp.is(o.made));
  // As many at once as there are cores.
  const compileNext = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (!(await compile(next.args))) return false;
      next.stamp.set(next.made);
    }
    return true;
  };
  const compiled = await Promise.all(Array.from({ length: availableParallelism() }, compileNext));
  const names = objects.map((o) => o.name);
  const ok = compiled.every(Boolean) && (await compile([...linking, ...names, '-o', program]));
  if (ok) linked.set(made);
  return ok;
}

/** For each source: its object file, the compiler's arguments, and a digest of its inputs. */
function plan() {
  const [core, tests] = ['native/core', 'test/native'].map((d) =>
    files(d, (f) => /\.(cc|h)$/.test(f)),
  );
  if (tests.length === 0) fail('test/native: no tests.');
  const all = [...core, ...NODELESS, ...tests];
  const headers = all.filter((f) => f.endsWith('.h'));
  const sources = all.filter((f) => f.endsWith('.cc'));
  return sources.map((source) => {
    const plant = planted && readFileSync(at(source), 'utf8').includes('MEMDB_PLANT_RACE');
    const name = `${folder}/${source.replaceAll('/', '.')}${plant ? '.race' : ''}.o`;
    const args = [...(plant ? ['-DMEMDB_PLANT_RACE'] : []), '-c', source, '-o', name];
    const made = fingerprint([source, ...headers], compiler, flags, args);
    return { name, args, made, stamp: new Stamp(`${name}.stamp`) };
  });
}

function compile(args) {
  const [command, ...first] = compiler.split(' ');
  return new Promise((resolve) => {
    const child = spawn(command, [...first, ...flags, ...args], {
      cwd: at(),
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });
}

function runTests() {
  const { ok, output, error } = run(program, positionals, {
    quiet: planted,
    env: {
      ASAN_OPTIONS: 'detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1',
      UBSAN_OPTIONS: 'print_stacktrace=1',
      TSAN_OPTIONS: 'second_deadlock_stack=1',
    },
  });
  if (error) fail(`The core's tests cannot be run: ${error.message}`);
  if (!planted) {
    if (!ok) fail(`The core's tests failed (${kind}).`);
  } else if (ok || !output.includes('ThreadSanitizer: data race')) {
    fail(`${output}\nThe planted race was not reported.`);
  } else {
    console.log('The planted race was reported, as it must be.');
  }
}
