import { readFileSync } from 'node:fs';
import { type Batch, Key, type MemDB, NotFoundError, ReadOnlyBatchError } from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';

/** Programs, with the result of the original stores at every step. */
interface Vectors {
  keys: unknown[];
  prefixes: unknown[];
  programs: { name: string; oracle: string; ops: Step[] }[];
}

interface Step {
  op: 'begin' | 'get' | 'put' | 'delete' | 'forEach' | 'commit' | 'discard';
  batch: string;
  parent?: string;
  prefix?: number;
  writable?: boolean;
  key?: number;
  value?: string;
  expect: unknown;
}

const path = new URL('./vectors/bolt-conformance.json', import.meta.url);
const vectors: Vectors = JSON.parse(readFileSync(path, 'utf8'));
const keys = vectors.keys.map((key) => Key.fromJSON(key));
const prefixes = vectors.prefixes.map((key) => Key.fromJSON(key));

function compareText(a: string[], b: string[]): number {
  return (a[0] as string) < (b[0] as string) ? -1 : 1;
}

function run(db: MemDB, batches: Map<string, Batch>, step: Step): unknown {
  if (step.op === 'begin') {
    const parent = step.parent === undefined ? db : (batches.get(step.parent) as Batch);
    const prefix = step.prefix === undefined ? null : (prefixes[step.prefix] as Key);
    batches.set(step.batch, parent.begin(prefix, step.writable));
    return 'ok';
  }
  const batch = batches.get(step.batch) as Batch;
  const key = step.key === undefined ? null : (keys[step.key] as Key);
  switch (step.op) {
    case 'get':
      return { value: batch.get(key).toString('hex') };
    case 'put':
      batch.put(key, Buffer.from(step.value as string, 'hex'));
      return 'ok';
    case 'delete':
      batch.delete(key);
      return 'ok';
    case 'forEach': {
      const entries: string[][] = [];
      batch.forEach((found, value) => {
        entries.push([found.toString(), value.toString('hex')]);
      });
      return { entries: entries.sort(compareText) };
    }
    default:
      batch[step.op]();
      return 'ok';
  }
}

function result(db: MemDB, batches: Map<string, Batch>, step: Step): unknown {
  try {
    return run(db, batches, step);
  } catch (error) {
    if (error instanceof ReadOnlyBatchError) return 'read-only';
    if (error instanceof NotFoundError) return { notFound: error.key.toString() };
    throw error;
  }
}

it('has all 150 recorded programs', () => {
  expect(vectors.programs).toHaveLength(150);
});

describeEngines('conformance', (open) => {
  it.each(vectors.programs)('$name gives the results of $oracle', ({ ops }) => {
    const db = open();
    const batches = new Map<string, Batch>();
    for (const [at, step] of ops.entries()) {
      const about = `step ${at}: ${JSON.stringify(step)}`;
      expect(result(db, batches, step), about).toEqual(sorted(step.expect));
    }
  });
});

/** Here key texts compare by code units. Where the vectors were made they compare by bytes. */
function sorted(expected: unknown): unknown {
  if (typeof expected !== 'object' || expected === null || !('entries' in expected))
    return expected;
  return { entries: ((expected.entries ?? []) as string[][]).sort(compareText) };
}
