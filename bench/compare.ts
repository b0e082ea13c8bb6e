// npm run bench:compare: runs the benchmarks on this build and on that of another commit, in turn.
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkout, commitOf } from './harness/checkout.js';
import {
  type Compared,
  cellsOf,
  compare,
  comparisonTable,
  isSame,
  isSlower,
  nameOf,
  sumTable,
} from './harness/comparison.js';
import { describe, thisMachine } from './harness/machine.js';
import type { Pace } from './harness/measure.js';
import { plan } from './harness/plan.js';
import { root } from './harness/root.js';
import { endProgress } from './harness/run.js';
import { COMPARE_HELP, LIMIT, readCompareOptions } from './options.js';

/** Short: the builds take turns quickly, so that both meet the same load of the machine. */
const PACE: Pace = { time: 50, warmupTime: 10 };

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
  if (machine.load > machine.cores) console.log('The machine is busy: do not trust these ratios.');
  const tree = built ? old : checkout(old);
  const cells = plan(options).map((cell) => ({ ...cell, pace: PACE }));
  const measure = async (some: typeof cells, rounds: number) => {
    const compared = await compare(some, rounds, tree, root);
    endProgress();
    console.log(`\n${comparisonTable(compared)}`);
    return compared;
  };

  const compared = await measure(cells, options.rounds);
  console.log(`\n${sumTable(compared)}`);
  const slower = compared.filter((one) => isSlower(one, LIMIT));
  let confirmed: Compared[] = [];
  if (slower.length > 0) {
    console.log(`\nAbove ${LIMIT}, so measured again: ${slower.map(nameOf).join('; ')}`);
    const again = await measure(cellsOf(slower, cells), 2 * options.rounds);
    confirmed = again.filter(
      (one) => isSlower(one, LIMIT) && slower.some((before) => isSame(before, one)),
    );
  }
  if (options.json !== undefined) {
    const all = { machine, comparedWith: old, rows: compared, confirmed };
    writeFileSync(options.json, `${JSON.stringify(all, null, 2)}\n`);
  }
  for (const one of confirmed) console.error(`SLOWER: ${nameOf(one)}`);
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
