import { expect, it } from 'vitest';
import { DELETED } from '../../dist/lib/engine/fallback/layout.js';
import { Pending, Record } from '../../dist/lib/engine/fallback/pending.js';
import { Random, runSeed } from '../support/random.js';
import { digestOf } from './mortal.js';

type Model = Map<string, string | undefined>;

/** Few tags, so that many keys share one. */
const tagOf = (key: string) => key.length % 7;

function put(pending: Pending, model: Model, key: string, value: string | undefined): void {
  const digest = digestOf(key);
  model.set(key, value);
  if (value === undefined) {
    pending.delete(tagOf(key), digest, 0);
    return;
  }
  const record = pending.claim(tagOf(key), digest, 0, key.length, value.length);
  pending.array(record).set(Buffer.from(key + value), pending.start(record));
}

function compare(pending: Pending, model: Model): void {
  expect(pending.count).toBe(model.size);
  for (const [key, value] of model) {
    const record = pending.find(tagOf(key), digestOf(key), 0);
    const keyLength = pending.records[record + Record.KeyLength] as number;
    const valueLength = pending.records[record + Record.ValueLength] as number;
    if (value === undefined) {
      expect(valueLength).toBe(DELETED);
      continue;
    }
    const start = pending.start(record);
    const pair = pending.array(record).subarray(start, start + keyLength + valueLength);
    expect([keyLength, Buffer.from(pair).toString()]).toEqual([key.length, key + value]);
  }
  expect(pending.find(0, digestOf('no such key'), 0)).toBeLessThan(0);
}

it('has what was put last for each key, and takes over what another has', () => {
  const random = new Random(runSeed('pending.test.ts'));
  const pending = new Pending();
  for (let round = 0; round < 30; round++) {
    const models: [Model, Model] = [new Map(), new Map()];
    const others = [pending, new Pending()] as const;
    const size = random.pick([5, 50, 500]);
    for (let n = 0; n < size * 3; n++) {
      const which = random.below(2) as 0 | 1;
      const key = `${'k'.repeat(random.below(7))} ${random.below(size)}`;
      const length = random.chance(0.02) ? 40_000 : random.below(random.pick([4, 60, 600]));
      const value = random.chance(0.2) ? undefined : String(n).padEnd(length, '.');
      put(others[which], models[which], key, value);
    }
    compare(pending, models[0]);
    pending.absorb(others[1]);
    compare(pending, new Map([...models[0], ...models[1]]));
    compare(others[1], models[1]);
    if (!pending.clear()) break;
    expect(pending.count).toBe(0);
  }
});

it('does not grow when the same keys are put again and again', () => {
  const pending = new Pending();
  const model: Model = new Map();
  for (let n = 0; n < 50_000; n++) {
    const length = n % 3 === 0 ? 10 : 200;
    put(pending, model, `key ${n % 20}`, 'v'.repeat(length + (n % 11)));
  }
  compare(pending, model);
  const record = pending.find(tagOf('key 1'), digestOf('key 1'), 0);
  expect(pending.array(record).length).toBeLessThan(32_768);
});
