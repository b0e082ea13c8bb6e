#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type HealOptions, heal, type Progress } from './healing/job/job.js';
import { format } from './healing/job/report.js';
import { StatusLine } from './healing/job/status.js';
import { type EngineChoice, MemDBError } from './index.js';

const USAGE = `Usage: accumulate-memdb heal [FILE] [options]

Proves every known entry of every chain in FILE (a snapshot, or a JSON list of
records) to its chain's anchor, and lists the chains. Without FILE, builds a
chain and proves its entries in worker threads while blocks are being added.

Options:
  --entries N    entries of the chain that is built (default 100000)
  --workers N    worker threads that prove (default 2); 0: the main thread does
  --engine NAME  auto, native or fallback (default auto)
  --json         print the report as JSON
  --help         print this
  --version      print the version

accumulate-memdb fleet --help tells of the commands for a cluster.

Exit status: 0 if all proofs hold, 1 if one fails, 2 for bad usage, bad input, a
file in which there is nothing to prove, or output that cannot be written; 70 for
a mistake in this program.
`;

const MAX_ENTRIES = 100_000_000;
const MAX_WORKERS = 1024;

/** The exit status after a mistake in this program, by the BSD convention. Status 1 means a failed proof. */
const EX_SOFTWARE = 70;

/** The arguments are wrong. The message is for the user. */
class UsageError extends Error {}

/** Standard output cannot be written. */
class OutputError extends Error {}

interface Command extends HealOptions {
  json: boolean;
}

/** Returns what to do, or the text that the arguments ask for. Throws UsageError. */
function parse(args: string[]): Command | string {
  const { values, positionals } = parseOptions(args);
  if (values.help) return USAGE;
  if (values.version) return `${version()}\n`;
  const [command, file, more] = positionals;
  if (command === undefined) throw new UsageError('no command given; write heal');
  if (command !== 'heal') throw new UsageError(`unknown command ${command}; write heal`);
  if (more !== undefined) throw new UsageError(`one file at most, not also ${more}`);
  if (file !== undefined && values.entries !== undefined) {
    throw new UsageError(
      '--entries is for the chain that is built if there is no file; leave it out',
    );
  }
  return {
    file,
    entries: integer('entries', values.entries ?? '100000', 1, MAX_ENTRIES),
    workers: integer('workers', values.workers ?? '2', 0, MAX_WORKERS),
    engine: engine(values.engine),
    json: values.json ?? false,
  };
}

function parseOptions(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        entries: { type: 'string' },
        workers: { type: 'string' },
        engine: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    });
  } catch (error) {
    // Only the first sentence is for the user of this command.
    throw new UsageError((error as Error).message.split('. ')[0]);
  }
}

function integer(name: string, text: string, low: number, high: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= low && value <= high) return value;
  throw new UsageError(`--${name} is ${text}, not an integer of ${low} to ${high}`);
}

function engine(option = 'auto'): EngineChoice {
  const chosen = option !== 'auto';
  const name = chosen ? option : process.env.MEMDB_ENGINE || 'auto';
  if (name === 'auto' || name === 'native' || name === 'fallback') return name;
  const source = chosen ? '--engine' : 'MEMDB_ENGINE';
  throw new UsageError(`${source} is ${name}, not auto, native or fallback`);
}

function version(): string {
  const text = readFileSync(join(__dirname, '../../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function progressLine({ loaded, added, proved, total }: Progress): string {
  const found = loaded > 0 ? `${loaded} records, ` : added > 0 ? `${added} entries, ` : '';
  return `${found}${proved} of ${total} receipts`;
}

/** Returns the message on one line, whatever a file's name or contents put into it. */
function oneLine(message: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return message.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ').trim();
}

/** Returns whether the error is about usage, input or surroundings, and not a mistake in this program. */
function isExpected(error: unknown): error is Error {
  return (
    error instanceof UsageError ||
    error instanceof OutputError ||
    error instanceof MemDBError ||
    (error instanceof Error && 'syscall' in error)
  );
}

/** Writes to standard output. Throws OutputError if that fails, unless the reader has closed its pipe. */
async function print(text: string): Promise<void> {
  const error = await new Promise<NodeJS.ErrnoException | null | undefined>((resolve) => {
    process.stdout.write(text, resolve);
  });
  // A reader that has closed its pipe has read enough.
  if (!error || error.code === 'EPIPE') return;
  throw new OutputError(`the output cannot be written: ${error.message}`, { cause: error });
}

function complain(error: Error, file: string | undefined): void {
  const where = file === undefined || error instanceof OutputError ? '' : `${file}: `;
  const hint = error instanceof UsageError ? ' (see --help)' : '';
  process.stderr.write(`accumulate-memdb: ${oneLine(where + error.message)}${hint}\n`);
}

/** Does what the arguments ask for, and returns the exit status. */
async function main(): Promise<number> {
  if (process.argv[2] === 'fleet')
    return (await import('./fleet/command/command.js')).fleet(process.argv.slice(3));
  let file: string | undefined;
  const status = new StatusLine(process.stderr);
  try {
    const command = parse(process.argv.slice(2));
    if (typeof command === 'string') {
      await print(command);
      return 0;
    }
    file = command.file;
    const report = await heal({ ...command, onProgress: (p) => status.show(progressLine(p)) });
    status.clear();
    await print(command.json ? `${JSON.stringify(report, null, 2)}\n` : format(report));
    return report.receipts.failed > 0 ? 1 : 0;
  } catch (error) {
    status.clear();
    if (!isExpected(error)) throw error;
    complain(error, file);
    return 2;
  }
}

// `print` gets the error of a failed write. Without these listeners, Node.js would also throw it.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

main().then(
  (status) => {
    process.exitCode = status;
  },
  (error) => {
    console.error(error);
    process.exitCode = EX_SOFTWARE;
  },
);
