// npm run bench: measures, prints tables, and with --quick compares with the baseline.
import { writeFileSync } from 'node:fs';
import { losses, MARGIN, readBaseline, writeBaseline } from './baseline.js';
import { thisMachine } from './machine.js';
import { HELP, type Options, readOptions } from './options.js';
import { type Cell, plan } from './plan.js';
import { Results } from './results.js';
import { runRound } from './run.js';
import { figureTables, targetTable } from './table.js';
import { type Case, FULL_SIZES, judge, QUICK_SIZES } from './targets.js';

/** A loss must show this often in a row to be one. */
const ATTEMPTS = 3;

async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const machine = thisMachine();
  console.log(
    Object.entries(machine)
      .map((pair) => pair.join(': '))
      .join('\n'),
  );
  const { results, cases } = await runAll(options);
  console.log(`\n${figureTables(results.all())}`);
  console.log(`\n### Targets\n\n${targetTable(cases)}`);

  if (options.json !== undefined) {
    const all = { machine, rounds: options.rounds, figures: results.all(), targets: cases };
    writeFileSync(options.json, `${JSON.stringify(all, null, 2)}\n`);
  }
  if (options.writeBaseline) writeBaseline(machine, cases);
  else if (options.quick) return compare(options, cases);
  return 0;
}

async function runAll(options: Options): Promise<{ results: Results; cases: Case[] }> {
  const results = new Results();
  const cells = plan(options);
  for (let round = 0; round < options.rounds; round++) {
    await runRound(cells, round, results, (cell, done) => {
      progress(`round ${round + 1} of ${options.rounds}, ${done + 1} of ${cells.length}`, cell);
    });
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  return { results, cases: judge(results, options.quick ? QUICK_SIZES : FULL_SIZES) };
}

function progress(where: string, { subject, layout, size, workloads }: Cell): void {
  if (!process.stderr.isTTY) return;
  const what = workloads.length === 1 ? workloads[0] : `${workloads.length} workloads`;
  process.stderr.write(`\r\x1b[K${where}: ${subject}, ${layout}, ${size}: ${what}`);
}

/** Exit status 1 when some case is a loss in this run and in every further one. */
async function compare(options: Options, first: readonly Case[]): Promise<number> {
  const baseline = readBaseline();
  if (baseline === undefined) {
    console.error('There is no bench/baseline.json; --write-baseline makes one.');
    return 2;
  }
  let lost = losses(baseline, first);
  for (let attempt = 2; attempt <= ATTEMPTS && lost.length > 0; attempt++) {
    console.log(`\nPerhaps lost, so measured again: ${lost.map(({ id }) => id).join('; ')}`);
    const { cases } = await runAll(options);
    const ids = new Set(lost.map(({ id }) => id));
    lost = losses(baseline, cases).filter(({ id }) => ids.has(id));
  }
  for (const { id, value } of lost) {
    const before = baseline.cases[id];
    console.error(`LOST against the baseline: ${id}: ${value.toPrecision(3)}, was ${before}`);
  }
  if (lost.length > 0) return 1;
  console.log(
    `\nNothing lost against the baseline of ${baseline.machine.commit} (within ${MARGIN}x).`,
  );
  return 0;
}

main().then(
  (status) => {
    process.exitCode = status;
  },
  (error: Error) => {
    console.error(error.stack);
    process.exitCode = 1;
  },
);
