import { parseArgs } from 'node:util';
import { subjectNames, subjects } from './subjects/subject.js';
import { alone, workloadNames } from './workloads/index.js';

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

Workloads, of which ${requested.join(', ')} run only if they are named:
  ${workloadNames.join('\n  ')}`;

export interface Options {
  readonly quick: boolean;
  readonly subjects: readonly string[];
  /** Undefined if none is named. */
  readonly workloads: readonly string[] | undefined;
  readonly rounds: number;
  readonly json: string | undefined;
  readonly writeBaseline: boolean;
  readonly help: boolean;
}

/** Throws an error with a message for the user if an argument is wrong. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      subject: { type: 'string', multiple: true, default: [...subjectNames] },
      workload: { type: 'string', multiple: true },
      rounds: { type: 'string', default: '3' },
      json: { type: 'string' },
      'write-baseline': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  known('subject', values.subject, subjectNames);
  known('workload', values.workload ?? [], workloadNames);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new Error(`--rounds takes a number from 1 on, not ${values.rounds}`);
  }
  const writeBaseline = values['write-baseline'];
  if (writeBaseline && !values.quick) throw new Error('--write-baseline needs --quick');
  const { quick, subject: subjects, workload: workloads, json, help } = values;
  return { quick, subjects, workloads, rounds, json, writeBaseline, help };
}

function known(what: string, given: readonly string[], names: readonly string[]): void {
  const unknown = given.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new Error(`there is no ${what} ${unknown}; write one of ${names.join(', ')}`);
}
