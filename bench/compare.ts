// npm run bench:compare: runs the benchmarks on this build and on that of another commit, in turn.
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkout, commitOf } from './harness/checkout.js';
import {
  type Compared,
  cellsOf,
  compare,
  comparisonTable,
  nameOf,
  sumTable,
} from './harness/comparison.js';
import { describe, thisMachine } from './harness/machine.js';
import type { Pace } from './harness/measure.js';
import { plan } from './harness/plan.js';
import { root } from './harness/root.js';
import { endProgress } from './harness/run.js';
import { COMPARE_HELP, LIMIT, readCompareOptions } from './options.js';

/** Short, because each workload runs many times. */
const PACE: Pace = { time: 100, warmupTime: 50 };

async function main(): Promise<number> {
  const options = readCompareOptions(process.argv.slice(2));
  if (options.help) {
    console.log(COMPARE_HELP);
    return 0;
  }
  const machine = thisMachine();
  const built = existsSync(join(options.commit, 'package.json'));
  const old = built ? resolve(options.commit) : commitOf(options.commit);
  console.log(`${describe(machine)}\ncompared with: ${old}`);
  const tree = built ? old : checkout(old);
  const cells = plan(options).map((cell) => ({ ...cell, pace: PACE }));
  const measure = async (some: typeof cells) => {
    const compared = await compare(some, options.rounds, tree, root);
    endProgress();
    console.log(`\n${comparisonTable(compared)}`);
    return compared;
  };

  const compared = await measure(cells);
  console.log(`\n${sumTable(compared)}`);
  const slower = compared.filter(({ ratio }) => ratio > LIMIT);
  let confirmed: Compared[] = [];
  if (slower.length > 0) {
    console.log(`\n${slower.length} rows are above ${LIMIT}. They are measured again:`);
    const names = slower.map(nameOf);
    const again = await measure(cellsOf(slower, cells));
    confirmed = again.filter((one) => one.ratio > LIMIT && names.includes(nameOf(one)));
  }
  if (options.json !== undefined) {
    const all = { machine, comparedWith: old, rows: compared, confirmed };
    writeFileSync(options.json, `${JSON.stringify(all, null, 2)}\n`);
  }
  for (const one of confirmed) console.error(`SLOWER: ${nameOf(one)}: ${one.ratio.toFixed(3)}`);
  if (confirmed.length > 0) return 1;
  console.log(`\nNo row is slower than ${LIMIT} times ${old}.`);
  return 0;
}

main().then(
  (status) => {
    process.exitCode = status;
  },
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 2;
  },
);
