import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { KeySpec, PartSpec } from './support/keyspec.js';
import { type ModelBatch, ModelDatabase, type ModelError } from './support/model.js';

// The model judges the engines. So the results of the original stores judge the model first.

interface Step {
  op: string;
  batch: string;
  parent?: string;
  prefix?: number;
  writable?: boolean;
  key?: number;
  value?: string;
  expect: unknown;
}

type JsonKey = Record<string, string | number>[];

const path = new URL('./vectors/bolt-conformance.json', import.meta.url);
const vectors = JSON.parse(readFileSync(path, 'utf8'));

function spec(json: JsonKey): KeySpec {
  return {
    parts: json.flatMap((part) =>
      Object.entries(part).map(([type, value]) => [type, String(value)] as unknown as PartSpec),
    ),
  };
}

const keys = (vectors.keys as JsonKey[]).map(spec);
const prefixes = (vectors.prefixes as JsonKey[]).map(spec);
const text = (key: KeySpec) => key.parts.map((part) => part[1]).join('.');

function run(db: ModelDatabase, batches: Map<string, ModelBatch>, step: Step): unknown {
  if (step.op === 'begin') {
    const parent = batches.get(step.parent ?? '') ?? db;
    const prefix = prefixes[step.prefix ?? -1] ?? null;
    batches.set(step.batch, parent.begin(prefix, step.writable));
    return 'ok';
  }
  const batch = batches.get(step.batch) as ModelBatch;
  const key = keys[step.key ?? -1] ?? null;
  if (step.op === 'get') return { value: Buffer.from(batch.get(key)).toString('hex') };
  if (step.op === 'put') batch.put(key, Buffer.from(step.value as string, 'hex'));
  if (step.op === 'delete') batch.delete(key);
  if (step.op === 'commit') batch.commit();
  if (step.op === 'discard') batch.discard();
  if (step.op !== 'forEach') return 'ok';
  const entries: string[][] = [];
  batch.forEach((found, value) => {
    entries.push([text(found), Buffer.from(value).toString('hex')]);
  });
  return { entries: entries.sort() };
}

function outcome(db: ModelDatabase, batches: Map<string, ModelBatch>, step: Step): unknown {
  try {
    return run(db, batches, step);
  } catch (error) {
    const { code, key } = error as ModelError;
    if (code === 'ERR_READ_ONLY_BATCH') return 'read-only';
    if (code === 'ERR_NOT_FOUND') return { notFound: text(key as KeySpec) };
    throw error;
  }
}

describe('the model does what the original stores did', () => {
  it.each(vectors.programs as { name: string; ops: Step[] }[])('$name', ({ ops }) => {
    const db = new ModelDatabase();
    const batches = new Map<string, ModelBatch>();
    for (const [at, step] of ops.entries()) {
      const { entries } = step.expect as { entries?: string[][] };
      const expected = entries ? { entries: entries.sort() } : step.expect;
      expect(outcome(db, batches, step), `step ${at}`).toEqual(expected);
    }
  });
});
