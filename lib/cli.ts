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

Exit status: 0 when all proofs hold, 1 when one fails, 2 for bad usage or input.
`;

const MAX_ENTRIES = 100_000_000;
const MAX_WORKERS = 1024;

/** Bad usage: the message is for the user. */
class UsageError extends Error {}

interface Command extends HealOptions {
  json: boolean;
}

/** What the arguments ask for; a text when they ask for a text. Throws UsageError. */
function parse(args: string[]): Command | string {
  const { values, positionals } = parseOptions(args);
  if (values.help) return USAGE;
  if (values.version) return `${version()}\n`;
  const [command, file, more] = positionals;
  if (command === undefined) throw new UsageError('no command given; there is heal');
  if (command !== 'heal') throw new UsageError(`unknown command ${command}; there is heal`);
  if (more !== undefined) throw new UsageError(`one file at most, not also ${more}`);
  if (file !== undefined && values.entries !== undefined) {
    throw new UsageError('--entries is of the chain that is built when there is no file');
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
    // Its first sentence; what follows explains how to pass such a thing as an argument.
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

/** The message on one line, whatever a file's name or content put into it. */
function oneLine(message: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return message.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ').trim();
}

/** Whether the error tells of usage, input or surroundings, and not of a mistake in this program. */
function isExpected(error: unknown): error is Error {
  return error instanceof UsageError || error instanceof MemDBError || isSystemError(error);
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

async function main(): Promise<number> {
  let file: string | undefined;
  const status = new StatusLine(process.stderr);
  try {
    const command = parse(process.argv.slice(2));
    if (typeof command === 'string') {
      process.stdout.write(command);
      return 0;
    }
    file = command.file;
    const report = await heal({ ...command, onProgress: (p) => status.show(progressLine(p)) });
    status.clear();
    process.stdout.write(command.json ? `${JSON.stringify(report, null, 2)}\n` : format(report));
    return report.receipts.failed > 0 ? 1 : 0;
  } catch (error) {
    status.clear();
    if (!isExpected(error)) throw error;
    const { message } = error;
    const where = file === undefined ? '' : `${file}: `;
    const hint = error instanceof UsageError ? ' (see --help)' : '';
    process.stderr.write(`accumulate-memdb: ${oneLine(where + message)}${hint}\n`);
    return 2;
  }
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads what is printed has read enough.
  if (error.code !== 'EPIPE') throw error;
});

main().then(
  (status) => {
    process.exitCode = status;
  },
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
