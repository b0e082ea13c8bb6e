import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Random } from '../../bench/harness/random.js';
import { isGeneration, writeGeneration } from '../../bench/threads/generation.js';
import { RunQueue } from '../../bench/threads/runqueue.js';
import { newTimes, Stopwatch } from '../../bench/threads/stopwatch.js';

const random = new Random(7);
const value = random.bytes(33);
const generation = (n: number) => {
  const target = Buffer.alloc(value.length);
  writeGeneration(target, value, n);
  return target;
};

test('a whole value is known in any generation', () => {
  expect(generation(0)).toEqual(value);
  for (const n of [0, 1, 255, 256, 70_000]) expect(isGeneration(generation(n), value)).toBe(true);
});

test('a value of two generations, of another entry, cut short or missing is not', () => {
  for (let cut = 6; cut < value.length; cut++) {
    const torn = Buffer.concat([generation(1).subarray(0, cut), generation(2).subarray(cut)]);
    expect(isGeneration(torn, value)).toBe(false);
  }
  const other = generation(3);
  other[2] = (other[2] as number) ^ 1;
  expect(isGeneration(other, value)).toBe(false);
  expect(isGeneration(generation(3).subarray(0, 32), value)).toBe(false);
  expect(isGeneration(undefined, value)).toBe(false);
});

test('the stopwatch keeps every time, and the longest without time in the run queue', () => {
  const times = newTimes();
  const watch = new Stopwatch(times);
  watch.lap();
  for (const took of [100n, 200n, 5_000_000n, 300n]) watch.add(1_000n, 1_000n + took);
  expect(times.count).toBe(4);
  expect(times.max / 5_000_000).toBeCloseTo(1, 2);
  const longest = watch.longestRunning;
  if (longest !== undefined) expect(longest).toBeLessThanOrEqual(5);
});

test('time in the run queue grows, by no more than the time that passes', async () => {
  const queue = new RunQueue();
  const before = queue.waited();
  const start = performance.now();
  await sleep(20);
  const after = queue.waited();
  if (before === undefined || after === undefined) return;
  expect(after).toBeGreaterThanOrEqual(before);
  expect(after - before).toBeLessThanOrEqual(performance.now() - start);
});
