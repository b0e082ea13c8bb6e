// npm run bench: measures, prints tables, and with --quick compares with the baseline.
import { writeFileSync } from 'node:fs';
import { losses, MARGIN, readBaseline, writeBaseline } from './harness/baseline.js';
import { layoutTitles } from './harness/data.js';
import { describe, thisMachine } from './harness/machine.js';
import { type Cell, plan } from './harness/plan.js';
import { Results } from './harness/results.js';
import { endProgress, progress, runCell } from './harness/run.js';
import { figureTables, targetTable } from './harness/table.js';
import { type Case, judge } from './harness/targets.js';
import { HELP, type Options, readOptions } from './options.js';
import { subjects } from './subjects/subject.js';
import { rows, workloadOf } from './workloads/index.js';

/** A ratio is lost if it is lost this often in a row. */
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
  console.log(describe(machine));
  const { results, failures } = await runAll(options);
  const cases = judge(results, rows);
  console.log(`\n${figureTables(results.all())}`);
  if (cases.length > 0) console.log(`\n### Targets\n\n${targetTable(cases)}`);

  if (options.json !== undefined) {
    const { rounds } = options;
    const titles = rows.map(({ name, title, unit }) => ({ name, title, unit }));
    const described = { subjects, layouts: layoutTitles, rows: titles };
    const all = { machine, rounds, ...described, figures: results.all(), targets: cases };
    writeFileSync(options.json, `${JSON.stringify(all, null, 2)}\n`);
  }
  if (failures.length > 0) {
    console.error(`\nFailed:\n  ${failures.join('\n  ')}`);
    return 1;
  }
  if (options.writeBaseline) writeBaseline(machine, cases);
  else if (options.quick && cases.some(({ guarded }) => guarded)) return compare(options, cases);
  return 0;
}

/**
 * Runs every cell in every round. A cell that fails does not end the run, which takes long: we report
 * it at the end, and keep none of its figures.
 */
async function runAll(options: Options): Promise<{ results: Results; failures: string[] }> {
  const results = new Results();
  const failures: string[] = [];
  const cells = plan(options);
  for (let round = 0; round < options.rounds; round++) {
    for (const [n, cell] of cells.entries()) {
      progress(`round ${round + 1} of ${options.rounds}, ${n + 1} of ${cells.length}`, cell);
      try {
        await addFigures(results, round, cell);
      } catch (error) {
        failures.push((error as Error).message);
      }
    }
  }
  endProgress();
  return { results, failures };
}

async function addFigures(results: Results, round: number, cell: Cell): Promise<void> {
  const { subject, layout, size } = cell;
  for (const [row, figure] of Object.entries(await runCell(cell))) {
    results.add(round, { row, layout, size, subject }, figure);
  }
}

/** Returns 1 if a ratio is lost in this run, and in every repetition of the workloads behind it. */
async function compare(options: Options, first: readonly Case[]): Promise<number> {
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
    const again = losses(baseline, judge(results, rows));
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
