// npm run bench: measures, prints tables, and with --quick compares with the baseline.
import { writeFileSync } from 'node:fs';
import { losses, MARGIN, readBaseline, writeBaseline } from './baseline.js';
import { thisMachine } from './machine.js';
import { HELP, type Options, readOptions } from './options.js';
import { type Cell, plan } from './plan.js';
import { Results } from './results.js';
import { runRound } from './run.js';
import { figureTables, targetTable } from './table.js';
import { FULL_SIZES, type Guard, guards, judge, QUICK_SIZES } from './targets.js';
import { workloadOf } from './workloads/index.js';

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
  const sizes = options.quick ? QUICK_SIZES : FULL_SIZES;
  const { results, failures } = await runAll(options);
  const targets = judge(results, sizes);
  console.log(`\n${figureTables(results.all())}`);
  console.log(`\n### Targets\n\n${targetTable(targets)}`);

  if (options.json !== undefined) {
    const all = { machine, rounds: options.rounds, figures: results.all(), targets };
    writeFileSync(options.json, `${JSON.stringify(all, null, 2)}\n`);
  }
  if (failures.length > 0) {
    console.error(`\nFailed:\n  ${failures.join('\n  ')}`);
    return 1;
  }
  if (options.writeBaseline) writeBaseline(machine, guards(results, sizes));
  else if (options.quick) return compare(options, guards(results, sizes));
  return 0;
}

async function runAll(options: Options): Promise<{ results: Results; failures: string[] }> {
  const results = new Results();
  const failures: string[] = [];
  const cells = plan(options);
  for (let round = 0; round < options.rounds; round++) {
    const failed = await runRound(cells, round, results, (cell, done) => {
      progress(`round ${round + 1} of ${options.rounds}, ${done + 1} of ${cells.length}`, cell);
    });
    failures.push(...failed);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  return { results, failures };
}

function progress(where: string, { subject, layout, size, workloads }: Cell): void {
  if (!process.stderr.isTTY) return;
  const what = workloads.length === 1 ? workloads[0] : `${workloads.length} workloads`;
  process.stderr.write(`\r\x1b[K${where}: ${subject}, ${layout}, ${size}: ${what}`);
}

/** Exit status 1 when some ratio is lost in this run and in every further one of what it is made of. */
async function compare(options: Options, first: readonly Guard[]): Promise<number> {
  const baseline = readBaseline();
  if (baseline === undefined) {
    console.error('There is no bench/baseline.json; --write-baseline makes one.');
    return 2;
  }
  let lost = losses(baseline, first);
  for (let attempt = 2; attempt <= ATTEMPTS && lost.length > 0; attempt++) {
    console.log(`\nPerhaps lost, so measured again:\n  ${lost.map(({ id }) => id).join('\n  ')}`);
    const workloads = lost.flatMap(({ rows }) => rows.map(workloadOf));
    const { results, failures } = await runAll({ ...options, workloads });
    if (failures.length > 0) throw new Error(failures.join('\n'));
    const again = losses(baseline, guards(results, QUICK_SIZES));
    lost = again.filter(({ id }) => lost.some((before) => before.id === id));
  }
  for (const { id, value } of lost) {
    const before = baseline.ratios[id];
    console.error(`LOST against the baseline: ${id}: ${value.toPrecision(3)}, was ${before}`);
  }
  if (lost.length > 0) return 1;
  const { commit } = baseline.machine;
  console.log(`\nNothing lost against the baseline of ${commit}, within ${MARGIN}x.`);
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
