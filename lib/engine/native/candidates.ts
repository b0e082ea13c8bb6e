import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Libc } from './libc.js';
import { requireFrom } from './require.js';

/** The folder of this file; undefined if a bundler has put it into an ES module. */
const HERE = typeof __dirname === 'string' ? __dirname : undefined;

/** The folder of prebuilds/ and build/, if this file stands in the package as it was published. */
const PACKAGE =
  HERE?.endsWith(join('dist', 'lib', 'engine', 'native')) === true
    ? join(HERE, '..', '..', '..', '..')
    : undefined;

/** The folder of prebuilt binaries for this platform, in a folder that has any. */
export const PLATFORM: string = join('prebuilds', `${process.platform}-${process.arch}`);

/**
 * Returns the files that may be the binary of this program, the most wanted first: what node-gyp-build finds,
 * the local build, and the prebuilt ones. Names some files that do not exist. In a bundle it also looks next to
 * the bundle, next to the program, and in the package that is installed there.
 */
export function candidates(
  libc: Libc | undefined,
  failed: (file: string, e: unknown) => void,
): string[] {
  const roots = PACKAGE === undefined ? rootsOfBundle() : [PACKAGE];
  const found: string[] = [];
  for (const root of roots) {
    try {
      // Not by `require`: a bundler would put it into a bundle, and an ES module has no `require`.
      const finder = requireFrom(join(root, 'x.js'))(
        'node-gyp-build',
      ) as typeof import('node-gyp-build');
      found.push(finder.resolve(root));
    } catch (error) {
      if (error instanceof RangeError) throw error;
      // It reads the environment when it is loaded, which a runtime may forbid. A bundle may lack it.
      const expected = PACKAGE === undefined ? /No native build|Cannot find/ : /No native build/;
      if (!expected.test(String(error))) failed('node-gyp-build', error);
    }
    if (!prebuildsOnly()) found.push(join(root, 'build', 'Release', 'accumulate_memdb.node'));
    found.push(...namesOf(libc).map((name) => join(root, PLATFORM, name)));
  }
  return [...new Set(found)];
}

/** The variable is node-gyp-build's: whoever sets it wants no local build. */
function prebuildsOnly(): boolean {
  try {
    return Boolean(process.env.PREBUILDS_ONLY);
  } catch {
    return false;
  }
}

/** Returns what prebuildify calls a binary for this platform. */
function namesOf(libc: Libc | undefined): string[] {
  if (process.platform !== 'linux') return ['accumulate-memdb.node'];
  const names = libc === undefined ? ['glibc', 'musl'] : [libc];
  return names.map((name) => `accumulate-memdb.${name}.node`);
}

/** Returns the C library in the name of a prebuilt binary. Returns undefined if it names none. */
export function libcOf(file: string): Libc | undefined {
  return basename(file)
    .split('.')
    .find((tag) => tag === 'glibc' || tag === 'musl');
}

function rootsOfBundle(): string[] {
  const main = process.argv[1];
  const folders = [HERE, main && dirname(main), dirname(process.execPath)];
  const roots = [...new Set(folders.filter((folder) => folder !== undefined && folder !== ''))];
  for (const folder of [...roots] as string[]) {
    try {
      const installed = requireFrom(join(folder, 'x.js')).resolve('accumulate-memdb/package.json');
      if (existsSync(installed)) roots.push(dirname(installed));
    } catch {
      // It is not installed there.
    }
  }
  return roots as string[];
}
