#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { convert } from './healing/command/convert.js';
import { heal } from './healing/command/heal.js';
import { prove } from './healing/command/prove.js';
import { complain, isExpected, print } from './healing/command/terminal.js';
import { type Command, checkOptions, parseOptions, UsageError } from './healing/command/usage.js';

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['heal', heal],
  ['prove', prove],
  ['convert', convert],
]);
const NAMES = 'heal, prove, convert or fleet';

const USAGE = `Usage: accumulate-memdb heal [FILE] [options]
       accumulate-memdb prove FILE --source .. --destination .. --number N [options]
       accumulate-memdb convert FROM TO [options]
       accumulate-memdb fleet COMMAND [options]

heal     proves the entries of the chains in a file, or of a chain that it builds
prove    prints the receipt that healing sends with a message
convert  writes the records of a file as a JSON list or as a snapshot
fleet    shows, loads and follows the records that several machines share

Options:
  --help     print this or, after a command, what the command does
  --version  print the version

Exit status: 0 if all is well, 1 if a proof fails, 2 for bad usage, bad input, or
output that cannot be written; 70 for a mistake in this program.
`;

/** The exit status after a mistake in this program, by the BSD convention. Status 1 means a failed proof. */
const EX_SOFTWARE = 70;

/** Does what the arguments ask for, and returns the exit status. */
async function main(args: string[]): Promise<number> {
  if (args[0] === 'fleet') {
    return (await import('./fleet/command/command.js')).fleet(args.slice(1));
  }
  try {
    const { positionals, values } = parseOptions(args);
    const [name, ...files] = positionals;
    const command = COMMANDS.get(name ?? '');
    if (values.help || values.version) {
      await print(values.help ? (command?.usage ?? USAGE) : `${version()}\n`);
      return 0;
    }
    if (name === undefined) throw new UsageError(`no command given; write ${NAMES}`);
    if (!command) throw new UsageError(`unknown command ${name}; write ${NAMES}`);
    checkOptions(name, command, values);
    return await command.run(files, values);
  } catch (error) {
    if (!isExpected(error)) throw error;
    complain(error instanceof UsageError ? `${error.message} (see --help)` : error.message);
    return 2;
  }
}

function version(): string {
  const text = readFileSync(join(__dirname, '../../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

// `print` gets the error of a failed write. Without these listeners, Node.js would also throw it.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error) => {
    console.error(error);
    process.exitCode = EX_SOFTWARE;
  },
);
