import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { at, files, fingerprint, runPackage, Stamp, which, windows } from './project.mjs';

const stamp = new Stamp('build/.stamp');
const binary = 'build/Release/accumulate_memdb.node';

export const sources = () =>
  ['native/core', 'native/binding'].flatMap((d) => files(d, (f) => /\.(cc|h)$/.test(f)));

/**
 * Builds the C++ engine into build/, unless it is up to date. Without a compiler, one line says that the
 * fallback is used. Returns false only if the engine does not compile.
 */
export function buildNative({ force = false } = {}) {
  const made = fingerprint(
    [...sources(), 'binding.gyp', 'package-lock.json', '.dev/native.mjs', '.dev/record.mjs'],
    [process.platform, process.arch, process.versions.modules, process.env.CXX],
  );
  if (!force && stamp.is(made) && existsSync(at(binary))) return true;
  const missing = missingTool();
  if (missing) return leave(missing);

  console.log('accumulate-memdb: building the native engine');
  const gyp = (step) =>
    runPackage('node-gyp', [step, '--jobs', 'max', '--loglevel', 'error', ...headers()], {
      quiet: true,
    });
  if (force) gyp('clean');
  const configured = gyp('configure');
  // On Windows, node-gyp looks for the compiler.
  if (windows && !configured.ok) return leave('C++ compiler');
  const { ok, output } = configured.ok ? gyp('build') : configured;
  if (ok) stamp.set(made);
  else console.error(`${output}\naccumulate-memdb: the native engine does not compile.`);
  return ok;
}

/** Goes on without the engine, and removes the binary of earlier sources. */
function leave(missing) {
  rmSync(at('build'), { recursive: true, force: true });
  console.log(`accumulate-memdb: no ${missing} found: the TypeScript fallback is used.`);
  return true;
}

/** The headers that came with this Node.js, if any: then node-gyp downloads none. */
export function headers() {
  const prefix = dirname(dirname(process.execPath));
  const version = join(prefix, 'include/node/node_version.h');
  if (!existsSync(version)) return [];
  const text = readFileSync(version, 'utf8');
  const number = (part) => new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(text)?.[1];
  const theirs = [number('MAJOR'), number('MINOR'), number('PATCH')].join('.');
  return theirs === process.versions.node ? ['--nodedir', prefix] : [];
}

/** The first tool that node-gyp needs and that is missing. */
function missingTool() {
  if (windows) return undefined;
  if (!(process.env.CXX ? which(process.env.CXX.split(' ')[0]) : which('c++', 'g++', 'clang++'))) {
    return 'C++ compiler';
  }
  if (!which('make', 'gmake')) return 'make';
  if (!which('python3', 'python')) return 'Python';
  return undefined;
}
