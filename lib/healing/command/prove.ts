import { type MemDB, NotFoundError } from '../../index.js';
import { partition } from '../partition.js';
import type { Receipt } from '../receipt.js';
import { hex } from '../show.js';
import { type SyntheticMessage, sourceReceipt, syntheticReceipt } from '../synthetic.js';
import { withRecords } from './loaded.js';
import { about, print } from './terminal.js';
import { type Command, engine, integer, required, UsageError } from './usage.js';

export const prove: Command = {
  usage: `Usage: accumulate-memdb prove FILE --source PARTITION --destination PARTITION
                              --number N [options]

Prints the receipt that healing sends with message N from one partition to another.
FILE is a snapshot, a JSON list of records, or a Bolt file with plain keys. If FILE
lacks records of the directory, the receipt ends at the root of the source, and a
note names the record that is missing.

Options:
  --source PARTITION       where the message comes from: its URL or its name
  --destination PARTITION  where the message goes to
  --number N               the number of the message, from 1
  --engine NAME            auto, native or fallback (default auto)
  --json                   print JSON, with the members of the network's receipts

Exit status: 0 if a receipt was printed, 2 for bad usage, bad input, a missing
record, or output that cannot be written.
`,
  options: ['source', 'destination', 'number', 'engine', 'json'],

  async run([file, more], values) {
    if (file === undefined) throw new UsageError('prove needs a FILE');
    if (more !== undefined) throw new UsageError(`one file, not also ${more}`);
    const message = {
      source: partitionOf('source', values.source),
      destination: partitionOf('destination', values.destination),
      number: integer('number', required('number', values.number), 1, Number.MAX_SAFE_INTEGER),
    };
    return withRecords(file, engine(values.engine), async (db, notes) => {
      const proof = await about(file, async () => proofOf(db, message));
      await print(values.json ? json(proof, notes) : text(proof, notes));
      return 0;
    });
  },
};

function partitionOf(name: 'source' | 'destination', value: string | undefined): string {
  const text = required(name, value);
  try {
    partition(text);
    return text;
  } catch (error) {
    throw new UsageError(`--${name}: ${(error as Error).message}`);
  }
}

/** A receipt and, if it ends at the source, why. */
interface Proof {
  readonly receipt: Receipt;
  readonly missing: NotFoundError | undefined;
}

function proofOf(db: MemDB, message: SyntheticMessage): Proof {
  return db.view((batch) => {
    const own = sourceReceipt(batch, message);
    try {
      return { receipt: syntheticReceipt(batch, message), missing: undefined };
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      return { receipt: own, missing: error };
    }
  });
}

function json({ receipt, missing }: Proof, notes: readonly string[]): string {
  const complete = missing === undefined;
  const report = {
    ...receipt.toJSON(),
    complete,
    missing: missing ? String(missing.key) : null,
    notes,
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

function text({ receipt, missing }: Proof, notes: readonly string[]): string {
  const { start, startIndex, anchor, entries } = receipt;
  const lines = [
    `start    ${hex(start)}  entry ${startIndex}`,
    ...entries.map(({ hash, right }) => `${right ? 'right' : 'left '}    ${hex(hash)}`),
    `anchor   ${hex(anchor)}`,
  ];
  if (missing) {
    lines.push(`Note: the proof ends at the root of the source: ${missing.key} is missing.`);
  }
  lines.push(...notes.map((note) => `Note: ${note}.`));
  return `${lines.join('\n')}\n`;
}
