import { describe, expect, it } from 'vitest';
import { differ, explain, shrink } from './support/differ.js';
import { FAULTS } from './support/faults.js';
import { type Program, writeProgram } from './support/program.js';
import { Random, runSeed } from './support/random.js';
import type { Runner } from './support/replay.js';
import { engineRunner, RUNNERS } from './support/subjects.js';

const seed = runSeed('differential.test.ts');
const PROGRAMS = Number(process.env.MEMDB_PROGRAMS ?? 2_000);
/** How many programs a test runs: few, so that a failure is reported soon. */
const CHUNK = 250;

const program = (i: number): Program => writeProgram(new Random(seed + i));

describe(`${PROGRAMS} random programs, MEMDB_SEED=${seed}`, () => {
  const chunks = Array.from({ length: Math.ceil(PROGRAMS / CHUNK) }, (_, i) => i * CHUNK);

  it.each(chunks)('from %i on do the same on every engine and the model', (from) => {
    for (let i = from; i < Math.min(from + CHUNK, PROGRAMS); i++) {
      if (differ(RUNNERS, program(i)) === undefined) continue;
      expect.fail(`program ${i} of MEMDB_SEED=${seed}\n${explain(RUNNERS, program(i))}`);
    }
  });
});

const fails = (runner: Runner) => (candidate: Program) => differ([runner], candidate) !== undefined;
/** Returns the first of a few hundred programs whose outcome differs. */
const caught = (runner: Runner, from = seed) =>
  Array.from({ length: 400 }, (_, i) => writeProgram(new Random(from + i))).find(fails(runner));

describe('the comparison catches', () => {
  it.each(FAULTS)('$name', ({ wrap }) => {
    expect(caught(engineRunner('fallback', wrap))).toBeDefined();
  });

  it('a maxBytes that is not enforced', () => {
    const { name, run } = engineRunner('fallback');
    expect(caught({ name, run: ({ ops }) => run({ ops }) })).toBeDefined();
  });
});

describe('a failing program', () => {
  it('is shrunk to the steps that matter', () => {
    const { wrap } = FAULTS[0] as (typeof FAULTS)[number];
    const faulty = engineRunner('fallback', wrap);
    // The seed is fixed, because how far a program can be shrunk depends on the program.
    const first = caught(faulty, 1) as Program;
    const smallest = shrink(first, fails(faulty));
    expect(fails(faulty)(smallest)).toBe(true);
    // What remains is begin, put, delete and one read.
    expect(smallest.ops.length).toBeLessThanOrEqual(6);
    const text = explain([faulty], first);
    expect(text).toContain('"op":"delete"');
    expect(text).toContain('differs:');
  });
});
