import { show } from './keyspec.js';
import { ModelDatabase } from './model.js';
import type { Op, Program } from './program.js';
import { type Outcome, type Runner, runner } from './replay.js';

export const model: Runner = runner({
  name: 'model',
  open: (maxBytes) => new ModelDatabase(maxBytes),
  key: (spec) => spec,
  show,
});

export interface Difference {
  readonly runner: string;
  /** Which outcome differs. Outcomes inside a step come before the step's own. */
  readonly step: number;
  readonly expected: Outcome | undefined;
  readonly actual: Outcome | undefined;
}

function agree(expected: Outcome | undefined, actual: Outcome | undefined): boolean {
  if (typeof expected !== 'object' || typeof actual !== 'object') return expected === actual;
  const { some, all } = actual;
  return (
    all.join('\n') === expected.all.join('\n') &&
    some.length === expected.some.length &&
    new Set(some).size === some.length &&
    some.every((pair) => all.includes(pair))
  );
}

/** Returns the first outcome in which a runner differs from the model, if one does. */
export function differ(runners: readonly Runner[], program: Program): Difference | undefined {
  const expected = model.run(program);
  for (const runner of runners) {
    const actual = runner.run(program);
    const count = Math.max(expected.length, actual.length);
    for (let step = 0; step < count; step++) {
      if (agree(expected[step], actual[step])) continue;
      return { runner: runner.name, step, expected: expected[step], actual: actual[step] };
    }
  }
  return undefined;
}

/** Yields programs that are a little smaller: without some steps, or without the inside of one. */
function* smaller(ops: readonly Op[]): Generator<Op[]> {
  for (let size = ops.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < ops.length; at += size) {
      yield [...ops.slice(0, at), ...ops.slice(at + size)];
    }
  }
  for (const [at, op] of ops.entries()) {
    if (!('inside' in op)) continue;
    for (const inside of smaller(op.inside)) {
      yield [...ops.slice(0, at), { ...op, inside }, ...ops.slice(at + 1)];
    }
  }
}

/** Returns a program that still fails, and that would pass without any one of its steps. */
export function shrink(program: Program, fails: (program: Program) => boolean): Program {
  let smallest = program;
  for (let progress = true; progress; ) {
    progress = false;
    for (const ops of smaller(smallest.ops)) {
      const candidate = { ...smallest, ops };
      if (!fails(candidate)) continue;
      smallest = candidate;
      progress = true;
      break;
    }
  }
  return smallest;
}

/** Returns what a person needs to see of a failure: the shrunk program, and what differs. */
export function explain(runners: readonly Runner[], program: Program): string {
  const smallest = shrink(program, (candidate) => differ(runners, candidate) !== undefined);
  const difference = differ(runners, smallest);
  return [
    `maxBytes: ${smallest.maxBytes}, steps:`,
    ...smallest.ops.map((op) => JSON.stringify(op)),
    `differs: ${JSON.stringify(difference, null, 2)}`,
  ].join('\n');
}
