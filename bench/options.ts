import { parseArgs } from 'node:util';
import { subjectNames } from './subjects/subject.js';
import { workloadNames } from './workloads/index.js';

export const HELP = `Usage: npm run bench -- [options]

  --quick            a few minutes: smaller stores, fewer subjects; fails on a loss against
                     bench/baseline.json
  --subject NAME     only these; may be given several times
                     (${subjectNames.join(', ')})
  --workload NAME    only these; may be given several times
                     (${workloadNames.join(', ')})
  --rounds N         how often everything is run; figures are medians of the rounds (default 3)
  --json FILE        writes all figures there too
  --write-baseline   with --quick: makes the ratios of this run the baseline
  --help`;

export interface Options {
  readonly quick: boolean;
  readonly subjects: readonly string[];
  readonly workloads: readonly string[];
  readonly rounds: number;
  readonly json: string | undefined;
  readonly writeBaseline: boolean;
  readonly help: boolean;
}

/** Throws an error with a message for the user when the arguments make no sense. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      subject: { type: 'string', multiple: true, default: [...subjectNames] },
      workload: { type: 'string', multiple: true, default: [...workloadNames] },
      rounds: { type: 'string', default: '3' },
      json: { type: 'string' },
      'write-baseline': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  known('subject', values.subject, subjectNames);
  known('workload', values.workload, workloadNames);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new Error(`--rounds takes a number from 1 on, not ${values.rounds}`);
  }
  const writeBaseline = values['write-baseline'];
  if (writeBaseline && !values.quick) throw new Error('a baseline is of a --quick run');
  const { quick, subject: subjects, workload: workloads, json, help } = values;
  return { quick, subjects, workloads, rounds, json, writeBaseline, help };
}

function known(what: string, given: readonly string[], names: readonly string[]): void {
  const unknown = given.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new Error(`there is no ${what} ${unknown}, but ${names.join(', ')}`);
}
