import { describe, expect, it } from 'vitest';
import { ENGINES, LONG } from './support/engines.js';
import { Random, runSeed } from './support/random.js';
import { type Fault, findCycle, runTransactions } from './support/serializable.js';

const SECONDS = LONG ? 30 : 2;
const seed = runSeed('serializable.test.ts');

describe('the checker', () => {
  it('finds lost appends, reads of what was never there, and circles', () => {
    const one = { token: 'a', reads: { 0: '' }, appends: [0] };
    const two = { token: 'b', reads: { 0: 'a' }, appends: [0] };
    expect(findCycle([one, two], ['a,b'])).toEqual([]);
    expect(findCycle([one, two], ['b'])).toContain('what a appended to list 0 was lost');
    expect(findCycle([one, { ...two, reads: { 0: 'x' } }], ['a,b'])).toContain(
      'b read of list 0 what was never there',
    );
    // Write skew: each appends to the list that the other one has read.
    const left = { token: 'l', reads: { 0: '', 1: '' }, appends: [0] };
    const right = { token: 'r', reads: { 0: '', 1: '' }, appends: [1] };
    expect(findCycle([left, right], ['l', 'r'])).toEqual([expect.stringMatching(/^a circle: /)]);
  });
});

describe.each(ENGINES)('transactions of four threads (%s)', (engine) => {
  it('could have happened one after the other, though threads are terminated', async () => {
    const { faults, transactions, kills } = await runTransactions(
      engine,
      SECONDS,
      new Random(seed),
    );
    console.log(
      `serializable (${engine}): ${transactions} transactions, ${kills} threads terminated`,
    );
    expect(faults).toEqual([]);
    expect(transactions).toBeGreaterThan(500);
    expect(kills).toBeGreaterThan(0);
  }, 120_000);

  it.each<Fault>(['key left out', 'absent key not compared', 'scan not marked'])(
    'are found out if there is a planted fault: %s',
    async (fault) => {
      // Whether it shows in one run is chance.
      let found: string[] = [];
      for (let run = 0; run < 10 && found.length === 0; run++) {
        found = (await runTransactions(engine, 4, new Random(seed + run), fault)).faults;
      }
      expect(found).not.toEqual([]);
    },
    120_000,
  );
});
