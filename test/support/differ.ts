import { type KeySpec, show } from './keyspec.js';
import { ModelDatabase } from './model.js';
import type { Op, Program } from './program.js';
import { type Outcome, replay, type Subject } from './replay.js';

export const model: Subject<KeySpec> = {
  name: 'model',
  open: (maxBytes) => new ModelDatabase(maxBytes),
  key: (spec) => spec,
  show,
};

export interface Difference {
  readonly subject: string;
  /** Which outcome differs; outcomes inside a step come before its own. */
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

/** The first outcome in which a subject differs from the model, if any does. */
// biome-ignore lint/suspicious/noExplicitAny: subjects differ in their types of keys
export function differ(subjects: readonly Subject<any>[], program: Program): Difference | undefined {
  const expected = replay(model, program);
  for (const subject of subjects) {
    const actual = replay(subject, program);
    const count = Math.max(expected.length, actual.length);
    for (let step = 0; step < count; step++) {
      if (agree(expected[step], actual[step])) continue;
      return { subject: subject.name, step, expected: expected[step], actual: actual[step] };
    }
  }
  return undefined;
}

/** Programs a little smaller than this one: without some steps, or without what is inside one. */
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

/** A program from which no step can be left out without its ceasing to fail. */
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

/** What a person needs to see of a failure: the steps that are left, and what differs. */
// biome-ignore lint/suspicious/noExplicitAny: subjects differ in their types of keys
export function explain(subjects: readonly Subject<any>[], program: Program): string {
  const smallest = shrink(program, (candidate) => differ(subjects, candidate) !== undefined);
  const difference = differ(subjects, smallest);
  return [
    `maxBytes: ${smallest.maxBytes}, steps:`,
    ...smallest.ops.map((op) => JSON.stringify(op)),
    `differs: ${JSON.stringify(difference, null, 2)}`,
  ].join('\n');
}
