// What scripts share. It imports only Node's own modules: scripts run before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const windows = process.platform === 'win32';

/** The absolute path of something in the project. */
export const at = (...path) => join(root, ...path);

/** Every file below a folder of the project that `wanted` accepts, sorted; none if there is no such folder. */
export function files(folder, wanted = () => true) {
  if (!existsSync(at(folder))) return [];
  return readdirSync(at(folder), { withFileTypes: true })
    .flatMap((e) =>
      e.isDirectory() ? files(`${folder}/${e.name}`, wanted) : `${folder}/${e.name}`,
    )
    .filter(wanted)
    .sort();
}

/** Runs a command in the project's folder. Shows its output, or returns it if `quiet`. */
export function run(command, args, { quiet = false, cwd = root, env = {}, shell = false } = {}) {
  const done = spawnSync(command, args, {
    cwd,
    shell,
    env: { ...process.env, ...env },
    stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const { stdout, stderr, error } = done;
  return { ok: done.status === 0, stdout, output: `${stdout ?? ''}${stderr ?? ''}`, error };
}

/** Runs a command of an installed package, by its script and not by a shell. */
export function runPackage(name, args, options, command = name.split('/').at(-1)) {
  const { bin } = JSON.parse(readFileSync(at('node_modules', name, 'package.json'), 'utf8'));
  const script = typeof bin === 'string' ? bin : bin[command];
  return run(process.execPath, [at('node_modules', name, script), ...args], options);
}

/** Runs npm; the one that runs this script, if it does. */
export function runNpm(args, options) {
  const npm = process.env.npm_execpath;
  if (npm?.endsWith('.js')) return run(process.execPath, [npm, ...args], options);
  return run(windows ? 'npm.cmd' : 'npm', args, { ...options, shell: windows });
}

/** A digest of the contents of some files, and of anything else that a result depends on. */
export function fingerprint(paths, ...more) {
  const hash = createHash('sha256');
  for (const path of paths) {
    hash.update(`${path}\0`);
    hash.update(readFileSync(at(path)));
  }
  return hash.update(JSON.stringify(more)).digest('hex');
}

/** A note of what a result was made from, so that it is made again only if that changes. */
export class Stamp {
  constructor(path) {
    this.path = resolve(root, path);
  }

  is(value) {
    return existsSync(this.path) && readFileSync(this.path, 'utf8') === value;
  }

  set(value) {
    mkdirSync(dirname(this.path), { recursive: true });
    writeFileSync(this.path, value);
  }
}

/** The full path of the first of these commands that is in PATH. */
export function which(...commands) {
  const endings = windows ? ['.exe', '.cmd'] : [''];
  for (const command of commands) {
    for (const folder of ['', ...(process.env.PATH ?? '').split(windows ? ';' : ':')]) {
      if (folder === '' && !command.includes('/')) continue;
      for (const ending of endings) {
        const path = join(folder, command + ending);
        if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path;
      }
    }
  }
  return undefined;
}

/** Ends the script with one line that says why. */
export function fail(message) {
  console.error(message);
  process.exit(1);
}
