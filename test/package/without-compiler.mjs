// node test/package/without-compiler.mjs COMMAND...: runs the command as if there were no compiler.
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from '../../.dev/project.mjs';

const compilers = /^((.+-)?(cc|c\+\+|gcc|g\+\+|cpp|clang|clang\+\+)|c89|c99|g?make)(-[\d.]+)?$/;

/** Calls `then` with an environment without compilers: PATH is one folder of links to all other commands. */
export function withoutCompiler(then) {
  const folder = mkdtempSync(join(tmpdir(), 'memdb-path-'));
  try {
    for (const from of (process.env.PATH ?? '').split(':')) {
      if (!statSync(from, { throwIfNoEntry: false })?.isDirectory()) continue;
      for (const command of readdirSync(from)) {
        if (compilers.test(command)) continue;
        if (!statSync(join(folder, command), { throwIfNoEntry: false })) {
          rmSync(join(folder, command), { force: true });
          symlinkSync(join(from, command), join(folder, command));
        }
      }
    }
    return then({ PATH: folder, CC: '', CXX: '' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [command, ...args] = process.argv.slice(2);
  process.exitCode = withoutCompiler((env) => run(command, args, { env })).ok ? 0 : 1;
}
