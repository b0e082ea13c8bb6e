import { parseArgs } from 'node:util';
import { subjectNames, subjects } from './subjects/subject.js';
import { alone, repeated, workloadNames } from './workloads/index.js';
import { insertBlocks } from './workloads/insert.js';
import { trace } from './workloads/trace.js';

/** A row is slower if its ratios, new to old, are above this. */
export const LIMIT = 1.05;

const subjectLines = Object.entries(subjects).map(([name, line]) => `  ${name.padEnd(14)}${line}`);
const requested = alone.filter(({ onRequest }) => onRequest).map(({ name }) => name);

export const HELP = `Usage: npm run bench -- [options]

  --quick            smaller stores and fewer subjects, in five minutes; fails if a ratio is lost
                     against bench/baseline.json
  --subject NAME     only this subject; may be given several times
  --workload NAME    only this workload; may be given several times
  --rounds N         how often everything runs; figures are medians of the rounds (default 3)
  --json FILE        writes all figures to a file, too
  --write-baseline   with --quick: makes the ratios of this run the baseline
  --help

Subjects:
${subjectLines.join('\n')}

Workloads (${requested.join(', ')} run only if they are named):
  ${workloadNames.join('\n  ')}`;

export const COMPARE_HELP = `Usage: npm run bench:compare -- COMMIT [options]

Builds COMMIT in a temporary worktree, and runs the benchmarks of this tree on both builds in turn.
Fails if a row takes more than ${LIMIT} times as long as on COMMIT, in two measurements. COMMIT can
also be the folder of another checkout that is already built.

  --quick            smaller stores
  --subject NAME     only this subject; may be given several times (native and fallback)
  --workload NAME    only this workload; may be given several times (default: those on a filled
                     store, and trace)
  --rounds N         how many processes of each build do everything (default 3)
  --json FILE        writes all figures to a file, too
  --help`;

export interface Options {
  readonly quick: boolean;
  readonly subjects: readonly string[];
  /** Undefined if none is named. */
  readonly workloads: readonly string[] | undefined;
  readonly rounds: number;
  readonly json: string | undefined;
  readonly writeBaseline: boolean;
  readonly help: boolean;
  /** The arguments that are no options. */
  readonly rest: readonly string[];
}

/** The options of `npm run bench`. Throws an error with a message for the user if one is wrong. */
export function readOptions(args: readonly string[]): Options {
  const options = read(args, subjectNames, '3');
  if (options.rest.length > 0) throw new Error(`unknown argument: ${options.rest[0]}`);
  if (options.writeBaseline && !options.quick) throw new Error('--write-baseline needs --quick');
  return options;
}

/** The options of `npm run bench:compare`. Throws as `readOptions` does. */
export function readCompareOptions(args: readonly string[]): Options & { commit: string } {
  const options = read(args, ['native', 'fallback'], '3');
  const { rest, help, writeBaseline } = options;
  const [commit = ''] = rest;
  if (!help && rest.length !== 1) throw new Error('name one commit to compare with');
  if (writeBaseline) throw new Error('a comparison writes no baseline');
  const workloads = options.workloads ?? [
    ...repeated.map(({ name }) => name),
    insertBlocks.name,
    trace.name,
  ];
  return { ...options, workloads, commit };
}

function read(args: readonly string[], allSubjects: readonly string[], rounds: string): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      subject: { type: 'string', multiple: true, default: [...allSubjects] },
      workload: { type: 'string', multiple: true },
      rounds: { type: 'string', default: rounds },
      json: { type: 'string' },
      'write-baseline': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  known('subject', values.subject, allSubjects);
  known('workload', values.workload ?? [], workloadNames);
  const number = Number(values.rounds);
  if (!Number.isInteger(number) || number < 1) {
    throw new Error(`--rounds takes a number from 1 on, not ${values.rounds}`);
  }
  const { quick, subject, workload, json, help, 'write-baseline': writeBaseline } = values;
  const named = { subjects: subject, workloads: workload };
  return { quick, ...named, rounds: number, json, writeBaseline, help, rest: positionals };
}

function known(what: string, given: readonly string[], names: readonly string[]): void {
  const unknown = given.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new Error(`there is no ${what} ${unknown}; write one of ${names.join(', ')}`);
}
