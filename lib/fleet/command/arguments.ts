import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { UsageError } from '../../healing/command/usage.js';
import type { ReplicaOptions } from '../options.js';

export const USAGE = `Usage: accumulate-memdb fleet status|load FILE|follow [options]

status       shows the servers of a cluster, and how far a namespace has come
load FILE    puts the records of FILE (a snapshot, a JSON list of records, or a
             Bolt file) into the cluster, in transactions that its servers take
follow       follows the namespace, and shows revision, lag and rates

Options:
  --endpoints URLS   the servers, separated by commas
                     (default http://127.0.0.1:2379)
  --namespace NAME   what precedes every key in the cluster, for example healing/
  --user NAME        the user; the password is read from the environment variable
                     MEMDB_FLEET_PASSWORD
  --ca FILE          certificates of the authorities that sign the servers' ones
  --cert FILE, --key FILE   the certificate of this client, and its key
  --max-ops N        operations of a transaction, as --max-txn-ops of the servers
  --max-bytes N      bytes of a request, as --max-request-bytes of the servers
  --timeout MS       how long the cluster may take (default 10000)
  --seconds N        ends follow after that time
  --json             print the report as JSON
  --help             print this

Exit status: 0 if it was done, 2 for bad usage, bad input, or a cluster that did
not do what was asked.
`;

/** What to do, with which cluster. */
export interface Arguments {
  readonly command: 'status' | 'load' | 'follow';
  readonly file: string;
  readonly options: ReplicaOptions & { timeoutMs: number };
  readonly seconds: number;
  readonly json: boolean;
}

/** Returns what to do, or the text that the arguments ask for. Throws `UsageError`. */
export function parseArguments(args: string[]): Arguments | string {
  const { values, positionals } = parse(args);
  if (values.help) return USAGE;
  const [command, file, more] = positionals;
  if (command !== 'status' && command !== 'load' && command !== 'follow') {
    throw new UsageError(`write fleet status, fleet load FILE or fleet follow, not ${command}`);
  }
  if (command === 'load' && file === undefined) throw new UsageError('write fleet load FILE');
  const superfluous = command === 'load' ? more : file;
  if (superfluous !== undefined) throw new UsageError(`there is no use for ${superfluous}`);
  if (values.namespace === undefined) throw new UsageError('write --namespace NAME');
  const pem = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path));
  const options = {
    endpoints: (values.endpoints ?? 'http://127.0.0.1:2379').split(','),
    namespace: values.namespace,
    user: values.user,
    password: values.user === undefined ? undefined : process.env.MEMDB_FLEET_PASSWORD,
    tls: defined({ ca: pem(values.ca), cert: pem(values.cert), key: pem(values.key) }),
    maxOps: number('max-ops', values['max-ops']),
    maxBytes: number('max-bytes', values['max-bytes']),
    timeoutMs: number('timeout', values.timeout) ?? 10_000,
  };
  return {
    command,
    file: file ?? '',
    options: defined(options) as Arguments['options'],
    seconds: number('seconds', values.seconds) ?? Number.POSITIVE_INFINITY,
    json: values.json ?? false,
  };
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  const names = ['endpoints', 'namespace', 'user', 'ca', 'cert', 'key'] as const;
  const numbers = ['max-ops', 'max-bytes', 'timeout', 'seconds'] as const;
  const texts = Object.fromEntries([...names, ...numbers].map((name) => [name, text])) as Record<
    (typeof names)[number] | (typeof numbers)[number],
    typeof text
  >;
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { ...texts, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    // Only the first sentence is for the user of this command.
    throw new UsageError((error as Error).message.split('. ')[0]);
  }
}

function number(name: string, text: string | undefined): number | undefined {
  if (text === undefined || (/^\d+$/.test(text) && Number(text) > 0)) {
    return text === undefined ? undefined : Number(text);
  }
  throw new UsageError(`--${name} is ${text}, not an integer of 1 or more`);
}

/** Returns an object without its undefined properties. */
function defined<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
