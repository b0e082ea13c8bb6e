import { describe, expect, it } from 'vitest';
import { ENGINES, LONG } from './support/engines.js';
import {
  type Action,
  type Anomaly,
  check,
  type History,
  type Transaction,
} from './support/history.js';
import { runHistory } from './support/history-run.js';
import { Random, runSeed } from './support/random.js';

const SECONDS = LONG ? 30 : 1;
const seed = runSeed('history.test.ts');

const r = (key: number, value: number): Action => ['r', key, value];
const w = (key: number, value: number): Action => ['w', key, value];

/** An update that makes version `v` and sets key 2, at the time `at`. */
const update = (v: number, at: number): Transaction => ({
  begin: [at, at + 1],
  actions: [r(0, v - 1), w(0, v), r(1, v - 1), w(1, v), w(2, v * 100)],
  commit: [at + 2, at + 3],
});

const view = (at: number, ...actions: Action[]): Transaction => ({ begin: [at, at + 1], actions });

const writeGroup = (value: number, at: number): Transaction => ({
  begin: [at, at + 1],
  actions: [w(8, value), w(9, value)],
  commit: [at + 2, at + 3],
});

function history(final: [number, number][], ...transactions: Transaction[]): History {
  const initial = new Map([0, 1, 2, 3].map((key) => [key, 0]));
  return {
    counters: [1],
    groups: [[8, 9]],
    initial,
    final: new Map([...initial, ...final]),
    transactions,
  };
}

const TWO: [number, number][] = [
  [0, 2],
  [1, 2],
  [2, 200],
];

/** Histories that no correct store could have made, each the smallest of its kind. */
const PLANTED: [Anomaly, string, History][] = [
  [
    'non-repeatable read',
    'a key changes within a batch',
    history([], view(0, r(0, 0), r(2, 0), r(2, 5))),
  ],
  [
    'non-repeatable read',
    'a write is not read back',
    history([], view(0, r(0, 0), w(2, 1), r(2, 0))),
  ],
  [
    'dirty read',
    'a value that nobody committed',
    history(TWO, update(1, 0), update(2, 10), view(20, r(0, 2), r(2, 7))),
  ],
  ['dirty read', 'a group that nobody committed', history([], view(0, r(8, 7), r(9, 7)))],
  [
    'fractured read',
    'one key of a commit without the other',
    history(TWO, update(1, 0), update(2, 10), view(12, r(0, 1), r(2, 200))),
  ],
  ['fractured read', 'half a group', history([], writeGroup(1, 0), view(2, r(8, 1), r(9, 0)))],
  [
    'stale begin',
    'the version before a commit that had returned',
    history(TWO, update(1, 0), update(2, 10), view(20, r(0, 1))),
  ],
  [
    'stale begin',
    'a group from before a commit that had returned',
    history([], writeGroup(1, 0), writeGroup(2, 10), view(20, r(8, 1), r(9, 1))),
  ],
  [
    'early read',
    'a version before its commit',
    history(TWO, update(1, 0), update(2, 10), view(10, r(0, 2))),
  ],
  ['early read', 'a group before its commit', history([], writeGroup(1, 10), view(0, r(8, 1)))],
  [
    'version went back',
    'an older version after a newer one',
    history(
      TWO,
      update(1, 0),
      { ...update(2, 10), commit: [12, 50] },
      view(20, r(0, 2)),
      view(30, r(0, 1)),
    ),
  ],
  [
    'version went back',
    'an older group after a newer one',
    history(
      [],
      writeGroup(1, 0),
      { ...writeGroup(2, 10), commit: [12, 50] },
      view(20, r(8, 2)),
      view(30, r(8, 1)),
    ),
  ],
  [
    'lost update',
    'one version made twice',
    history(
      [
        [0, 1],
        [1, 1],
        [2, 100],
      ],
      update(1, 0),
      update(1, 2),
    ),
  ],
  [
    'lost update',
    'a counter that did not count',
    history(
      [
        [0, 2],
        [1, 1],
        [2, 200],
      ],
      update(1, 0),
      { ...update(2, 10), actions: [r(0, 1), w(0, 2), w(1, 1), w(2, 200)] },
    ),
  ],
  [
    'lost update',
    'a commit that is not there in the end',
    history(
      [
        [0, 1],
        [1, 1],
        [2, 0],
      ],
      update(1, 0),
    ),
  ],
];

describe('the history checker', () => {
  it.each(PLANTED)('finds a %s: %s', (anomaly, _, planted) => {
    const found = check(planted).map((violation) => violation.anomaly);
    expect(new Set(found)).toEqual(new Set([anomaly]));
  });

  it('accepts what a correct store does', () => {
    const correct = history(
      [...TWO, [8, 2], [9, 2]],
      update(1, 0),
      view(2, r(0, 0), r(2, 0), r(0, 0)),
      view(2, r(0, 1), r(2, 100), w(2, 7), r(2, 7)),
      update(2, 10),
      writeGroup(1, 3),
      writeGroup(2, 5),
      view(7, r(8, 2), r(9, 2)),
      view(4, r(8, 1), r(9, 1)),
      view(3, r(8, 0), r(9, 0)),
      view(12, r(0, 2), r(1, 2), r(2, 200), r(3, 0)),
    );
    expect(check(correct)).toEqual([]);
  });
});

const LIVE: Anomaly[] = [
  'non-repeatable read',
  'dirty read',
  'fractured read',
  'stale begin',
  'lost update',
];

describe.each(ENGINES)('threads (%s)', (engine) => {
  it.each(LIVE)('a planted %s is found', async (fault) => {
    const random = new Random(seed);
    const options = { engine, workers: 2, seconds: 10, commits: 1_000, random, fault };
    const { violations } = await runHistory(options);
    expect(violations.map(({ anomaly }) => anomaly)).toContain(fault);
  });

  it.each([2, 4, 8])(
    `%i of them keep a correct history for ${SECONDS} s`,
    async (workers) => {
      const random = new Random(seed + workers);
      const options = { engine, workers, seconds: SECONDS, commits: 100, random };
      const result = await runHistory(options);
      expect(result.violations).toEqual([]);
      process.stdout.write(
        `${engine}, ${workers} workers: ${result.transactions} transactions checked\n`,
      );
    },
    (SECONDS + 60) * 1_000,
  );
});
