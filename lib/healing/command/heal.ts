import { type Progress, heal as run } from '../job/job.js';
import { format } from '../job/report.js';
import { StatusLine } from '../job/status.js';
import { about, print } from './terminal.js';
import { type Command, engine, integer, UsageError } from './usage.js';

const MAX_ENTRIES = 100_000_000;
const MAX_WORKERS = 1024;

export const heal: Command = {
  usage: `Usage: accumulate-memdb heal [FILE] [options]

Proves every known entry of every chain in FILE to its chain's anchor, and lists
the chains. FILE is a snapshot, a JSON list of records, or a Bolt file with plain
keys. Without FILE, builds a chain and proves its entries in worker threads while
blocks are being added.

Options:
  --entries N    entries of the chain that is built (default 100000)
  --workers N    worker threads that prove (default 2); 0: the main thread does
  --engine NAME  auto, native or fallback (default auto)
  --json         print the report as JSON

Exit status: 0 if all proofs hold, 1 if one fails, 2 for bad usage, bad input, a
file in which there is nothing to prove, or output that cannot be written.
`,
  options: ['entries', 'workers', 'engine', 'json'],

  async run([file, more], values) {
    if (more !== undefined) throw new UsageError(`one file at most, not also ${more}`);
    if (file !== undefined && values.entries !== undefined) {
      throw new UsageError(
        '--entries is for the chain that is built if there is no file; leave it out',
      );
    }
    const options = {
      file,
      entries: integer('entries', values.entries ?? '100000', 1, MAX_ENTRIES),
      workers: integer('workers', values.workers ?? '2', 0, MAX_WORKERS),
      engine: engine(values.engine),
    };
    const status = new StatusLine(process.stderr);
    const onProgress = (progress: Progress) => status.show(progressLine(progress));
    const report = await about(file, () => run({ ...options, onProgress })).finally(() =>
      status.clear(),
    );
    await print(values.json ? `${JSON.stringify(report, null, 2)}\n` : format(report));
    return report.receipts.failed > 0 ? 1 : 0;
  },
};

function progressLine({ loaded, added, proved, total }: Progress): string {
  const found = loaded > 0 ? `${loaded} records, ` : added > 0 ? `${added} entries, ` : '';
  return `${found}${proved} of ${total} receipts`;
}
