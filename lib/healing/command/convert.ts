import type { MemDB } from '../../index.js';
import { writeJsonRecords } from '../files/jsonwriter.js';
import { writeSnapshot } from '../files/snapshotwriter.js';
import { StatusLine } from '../job/status.js';
import { withRecords } from './loaded.js';
import { about, complain } from './terminal.js';
import { type Command, engine, UsageError } from './usage.js';

const FORMATS = { json: writeJsonRecords, snapshot: writeSnapshot } as const;

type Format = keyof typeof FORMATS;

/** The signals that end the program. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export const convert: Command = {
  usage: `Usage: accumulate-memdb convert FROM TO [options]

Writes the records of FROM to TO. FROM is a snapshot, a JSON list of records, or a
Bolt file with plain keys. The end of TO's name says what it will be: .json or .snap.
TO appears when it is complete. Until then, and if something fails, it stays as it was.

Options:
  --format NAME  json or snapshot, whatever TO's name is
  --engine NAME  auto, native or fallback (default auto)

Exit status: 0 if all records were written, 2 for bad usage, bad input, or output
that cannot be written.
`,
  options: ['format', 'engine'],

  async run([from, to, more], values) {
    if (from === undefined || to === undefined) throw new UsageError('convert needs FROM and TO');
    if (more !== undefined) throw new UsageError(`two files, not also ${more}`);
    const format = formatOf(to, values.format);
    return withRecords(from, engine(values.engine), async (db, notes) => {
      for (const note of notes) complain(`${from}: ${note}`);
      const status = new StatusLine(process.stderr);
      status.show(`writing ${db.stats().entries} records`);
      const signal = await about(to, () => write(db, to, format)).finally(() => status.clear());
      // The program ends by the signal that it got, now that nothing is left half-done.
      if (signal) process.kill(process.pid, signal);
      return 0;
    });
  },
};

function formatOf(path: string, name: string | undefined): Format {
  if (name === 'json' || name === 'snapshot') return name;
  if (name !== undefined) throw new UsageError(`--format is ${name}, not json or snapshot`);
  if (path.endsWith('.json')) return 'json';
  if (path.endsWith('.snap')) return 'snapshot';
  throw new UsageError(`${path} ends neither in .json nor in .snap; give --format`);
}

/** Writes all records. Returns the signal that stopped it, if one did. */
async function write(db: MemDB, path: string, format: Format): Promise<NodeJS.Signals | undefined> {
  const stop = new AbortController();
  const interrupt = (name: NodeJS.Signals) => stop.abort(name);
  for (const name of SIGNALS) process.once(name, interrupt);
  const batch = db.begin(null, false);
  try {
    await FORMATS[format](batch, path, { signal: stop.signal });
    return undefined;
  } catch (error) {
    if (stop.signal.aborted && error === stop.signal.reason) return error as NodeJS.Signals;
    // A reader that has closed its pipe has read enough.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return undefined;
    throw error;
  } finally {
    batch.discard();
    for (const name of SIGNALS) process.off(name, interrupt);
  }
}
