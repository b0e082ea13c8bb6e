import { complain, isExpected, print } from '../../healing/command/terminal.js';
import { UsageError } from '../../healing/command/usage.js';
import { StatusLine } from '../../healing/job/status.js';
import { Limits, now } from '../clock.js';
import { type Arguments, parseArguments } from './arguments.js';
import type { ClusterStatus } from './status.js';

/** How often the status line is written, ms; and lines, if the output is not a terminal. */
const REFRESH_MS = 200;
const LINE_MS = 1000;

/** Runs `accumulate-memdb fleet` with what follows, and returns the exit status. */
export async function fleet(args: string[]): Promise<number> {
  const line = new StatusLine(process.stderr);
  try {
    const parsed = parseArguments(args);
    if (typeof parsed === 'string') await print(parsed);
    else await commands[parsed.command](parsed, line);
    return 0;
  } catch (error) {
    line.clear();
    // Options of a replica that are wrong come from the arguments, too.
    if (!isExpected(error) && !(error instanceof TypeError) && !isMissing(error)) throw error;
    complain(explain(error as Error));
    return 2;
  }
}

const commands = {
  async status({ options, json }: Arguments): Promise<void> {
    const { status } = await import('./status.js');
    const found = await status(options);
    await show(json ? found : formatStatus(found));
  },

  async load({ file, options, json }: Arguments, line: StatusLine): Promise<void> {
    const { load } = await import('./load.js');
    const started = now();
    const report = await load(file, options, (records) => {
      line.show(`${records} records, ${rate(records, now() - started)} records/s`);
    });
    line.clear();
    const { records, transactions, seconds, notes } = report;
    const perSecond = rate(records, seconds * 1000);
    await show(
      json
        ? report
        : [
            `${records} records in ${transactions} transactions, ${seconds.toFixed(1)} s, ${perSecond} records/s`,
            ...notes,
          ].join('\n'),
    );
  },

  async follow({ options, seconds }: Arguments, line: StatusLine): Promise<void> {
    const { Replica } = await import('../replica.js');
    const replica = await Replica.open(options);
    const ended = new AbortController();
    const end = () => ended.abort();
    process.once('SIGINT', end);
    // A reader that has closed its pipe has read enough.
    process.stdout.once('error', end);
    try {
      const limits = new Limits(seconds * 1000, ended.signal);
      const pause = process.stderr.isTTY ? REFRESH_MS : LINE_MS;
      let before = { ...replica.status(), at: now() };
      while (!limits.over && !ended.signal.aborted) {
        await limits.pause(pause).catch(() => {});
        const status = replica.status();
        const ms = now() - before.at;
        const commits = rate(status.commits - before.commits, ms);
        const { entries } = replica.stats();
        const text =
          `revision ${status.revision}, ${entries - 1} records, ${status.state}, ` +
          `lag at most ${Math.ceil(status.lagMs)} ms, ${commits} commits/s`;
        if (process.stderr.isTTY) line.show(text);
        else await show(text);
        before = { ...status, at: now() };
      }
      line.clear();
    } finally {
      process.off('SIGINT', end);
      process.stdout.off('error', end);
      await replica.close();
    }
  },
};

function formatStatus({ servers, namespace, revision, commits, lastCommit }: ClusterStatus) {
  const lines = servers.map(({ endpoint, version, bytes = 0, leads, problem }) =>
    problem === undefined
      ? `${endpoint}  etcd ${version}, ${(bytes / 2 ** 20).toFixed(1)} MB${leads ? ', leads' : ''}`
      : `${endpoint}  ${problem}`,
  );
  lines.push(
    `revision ${revision}; namespace ${namespace} has ${commits} commits, the last at revision ${lastCommit}`,
  );
  return lines.join('\n');
}

function show(what: object | string): Promise<void> {
  return print(`${typeof what === 'string' ? what : JSON.stringify(what, null, 2)}\n`);
}

function rate(count: number, ms: number): string {
  return ms <= 0 ? '0' : ((count * 1000) / ms).toFixed(count > ms ? 0 : 1);
}

function isMissing(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
}

function explain(error: Error): string {
  if (isMissing(error)) return 'fleet needs two packages; run npm install @grpc/grpc-js protobufjs';
  const hint = error instanceof UsageError ? ' (see fleet --help)' : '';
  return error.message + hint;
}
