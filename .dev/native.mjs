import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { at, files, fingerprint, runPackage, Stamp, which, windows } from './project.mjs';

const stamp = new Stamp('build/.stamp');
const binary = 'build/Release/accumulate_memdb.node';

const sources = () =>
  ['native/core', 'native/binding'].flatMap((d) => files(d, (f) => /\.(cc|h)$/.test(f)));

/**
 * Builds the C++ engine into build/, unless it is there already. Without a compiler that is no
 * failure, and one line says that the fallback is used; answers false only when compiling failed.
 */
export function buildNative({ force = false } = {}) {
  const made = fingerprint(
    [...sources(), 'binding.gyp', 'package-lock.json'],
    [process.platform, process.arch, process.versions.modules, process.env.CXX],
  );
  if (!force && stamp.is(made) && existsSync(at(binary))) return true;
  const missing = missingTool();
  if (missing) {
    // What an earlier state of the sources gave must not pass for this one.
    rmSync(at('build'), { recursive: true, force: true });
    console.log(`accumulate-memdb: no ${missing} found: the TypeScript fallback is used.`);
    return true;
  }
  console.log('accumulate-memdb: building the native engine');
  const steps = force ? ['rebuild'] : ['configure', 'build'];
  const options = ['--jobs', 'max', '--loglevel', 'error', ...headers()];
  for (const step of steps) {
    const { ok, output } = runPackage('node-gyp', [step, ...options], { quiet: true });
    if (ok) continue;
    console.error(output);
    console.error('accumulate-memdb: the native engine does not compile.');
    return false;
  }
  stamp.set(made);
  return true;
}

/** The headers that came with this Node.js, if they did: then none are downloaded. */
function headers() {
  const prefix = dirname(dirname(process.execPath));
  const version = join(prefix, 'include/node/node_version.h');
  if (!existsSync(version)) return [];
  const text = readFileSync(version, 'utf8');
  const number = (part) => new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(text)?.[1];
  const theirs = [number('MAJOR'), number('MINOR'), number('PATCH')].join('.');
  return theirs === process.versions.node ? ['--nodedir', prefix] : [];
}

/** What is missing of the things node-gyp compiles with; on Windows it looks for itself. */
function missingTool() {
  if (windows) return undefined;
  if (!(process.env.CXX ? which(process.env.CXX.split(' ')[0]) : which('c++', 'g++', 'clang++'))) {
    return 'C++ compiler';
  }
  if (!which('make', 'gmake')) return 'make';
  if (!which('python3', 'python')) return 'Python';
  return undefined;
}
