import { Key, MemDB, NotFoundError, uint } from 'accumulate-memdb';
import { Chain, heal, State } from 'accumulate-memdb/healing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Board } from '../../dist/lib/healing/job/board.js';
import { Latencies } from '../../dist/lib/healing/job/latencies.js';
import { Prover } from '../../dist/lib/healing/job/prover.js';
import { storedTask, type Task } from '../../dist/lib/healing/job/task.js';
import { Team } from '../../dist/lib/healing/job/team.js';
import { describeEngines } from '../support/engines.js';
import { Random, runSeed } from '../support/random.js';
import { pendingOf, syntheticEntries } from './model.js';

const key = Key.of('x', 'MainChain');
const entries = syntheticEntries(1100);

function built(db: MemDB, count: number): void {
  db.update((batch) => new Chain(batch, key).addEntries(entries.slice(0, count)));
}

describeEngines('what can be proved', (open) => {
  it.each([1, 255, 256, 257, 511, 512, 513, 1100])('is all of %i entries', (count) => {
    const db = open();
    built(db, count);
    db.view((batch) => {
      expect(storedTask(batch, key)).toEqual({
        key: key.encode(),
        from: 0,
        to: count,
        entries: 'stored',
      });
    });
  });

  it.each([
    // Marks that are missing, and the first entry that can be proved of 1,100 or 1,024.
    [1100, [1023], 1024],
    [1100, [767], 1024],
    [1100, [511], 768],
    [1100, [255], 512],
    [1100, [255, 511, 767, 1023], 1024],
    [1024, [1023], 0],
    [1024, [767], 1024],
    [1024, [255], 512],
  ])('of %i entries without the marks %j begins at entry %i', (count, missing, from) => {
    const db = open();
    built(db, count);
    db.update((batch) => {
      for (const mark of missing) batch.delete(key.append('States', uint(mark)));
    });
    const task = db.view((batch) => storedTask(batch, key));
    expect(task).toMatchObject({ from, to: count });
    const roots = pendingOf(entries.slice(0, from));
    expect(task.given?.count ?? 0).toBe(from);
    // The set ends at `from`, so every root covers whole sets.
    expect(task.given?.roots.slice(0, roots.length) ?? []).toEqual(from === 0 ? [] : roots);

    const prover = new Prover(db, [task]);
    for (let number = 0; number < count - from; number++) prover.prove(number);
    expect(prover.proofs).toMatchObject({ receipts: count - from, failed: 0 });
    prover.close();
    expect(db.stats().openBatches).toBe(0);
  });

  it('is nothing if a chain has no head or no entries', () => {
    const batch = open().begin(null, true);
    expect(() => storedTask(batch, key)).toThrow(NotFoundError);
    batch.put(key.append('Head'), new State().encode());
    expect(storedTask(batch, key)).toMatchObject({ from: 0, to: 0 });
  });

  it('cannot be proved once the chain has changed', () => {
    const db = open();
    built(db, 300);
    const task = db.view((batch) => storedTask(batch, key));
    const prover = new Prover(db, [task]);
    db.update((batch) => new Chain(batch, key).addEntry(Buffer.alloc(32)));
    prover.prove(7);
    db.update((batch) => batch.delete(key.append('Head')));
    prover.prove(8);
    expect(prover.proofs).toMatchObject({ receipts: 2, failed: 2 });
    expect(prover.proofs.failures).toEqual([
      expect.stringMatching(/^entry 7 of x\.MainChain: it sees 301 entries/),
      expect.stringMatching(/^entry 8 of x\.MainChain: .* which has 0/),
    ]);
    expect(() => prover.prove(300)).toThrow(RangeError);
    prover.close();
  });
});

describe('Latencies', () => {
  it('returns the percentiles of a sorted list, to 1.6 %', () => {
    const random = new Random(runSeed('latencies'));
    const latencies = new Latencies();
    const values = Array.from({ length: 5000 }, () => Math.round(2 ** (random.below(4000) / 100)));
    for (const value of values) latencies.record(value);
    values.sort((a, b) => a - b);
    for (const percent of [1, 50, 90, 99, 99.9, 100]) {
      const exact = values[Math.ceil((percent / 100) * 5000) - 1] as number;
      const found = latencies.percentile(percent);
      expect(found).toBeGreaterThanOrEqual(exact);
      expect(found).toBeLessThanOrEqual(exact * 1.016);
    }
    expect(latencies.percentile(100)).toBe(values.at(-1));
  });

  it('adds what others counted, and accepts any duration', () => {
    const [one, two] = [new Latencies(), new Latencies()];
    expect(one.percentile(50)).toBe(0);
    for (const value of [0, 0.4, 3, 2 ** 53]) one.record(value);
    two.record(5);
    two.add(one.counts);
    expect(two.counts.counts.reduce((n, count) => n + count)).toBe(5);
    expect([20, 40, 60, 80].map((percent) => two.percentile(percent))).toEqual([0, 0, 3, 5]);
    expect(two.counts.max).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('what a worker posts', () => {
  it('has only numbers, texts and arrays', () => {
    const db = new MemDB();
    built(db, 10);
    const prover = new Prover(db, [db.view((batch) => storedTask(batch, key))]);
    prover.prove(3);
    const check = (value: unknown): void => {
      if (typeof value === 'number' || typeof value === 'string') return;
      if (!Array.isArray(value)) expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      for (const member of Object.values(value as object)) check(member);
    };
    check(prover.proofs);
    expect(structuredClone(prover.proofs)).toEqual(prover.proofs);
    prover.close();
    db.close();
  });
});

describe('Board', () => {
  it('gives each number to one thread, once', () => {
    const one = new Board(100);
    const two = new Board(100, one.shared);
    one.publish(100);
    const [first, second] = [one.claims(), two.claims()];
    const claimed: number[] = [];
    for (;;) {
      const next = [first.next(), second.next()].filter(({ done }) => !done);
      if (next.length === 0) break;
      for (const { value } of next) claimed.push(value as number);
    }
    expect(claimed.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('gives no number once it is stopped', () => {
    const board = new Board(100);
    board.publish(3);
    const claims = board.claims();
    expect([claims.next().value, claims.next().value]).toEqual([0, 1]);
    board.stop();
    expect(board.stopped).toBe(true);
    expect(claims.next().done).toBe(true);
  });
});

describe('Team', () => {
  it('stops if one of its workers fails, and rejects with the reason', async () => {
    const db = { handle: new SharedArrayBuffer(64) } as MemDB;
    const task: Task = { key: key.encode(), from: 0, to: 10, entries: 'stored' };
    const board = new Board(10);
    const team = new Team(db, [task], board, 2);
    await expect(team.proofs()).rejects.toThrow(/handle/);
    expect(board.stopped).toBe(true);
    await team.end();
  });

  it('fails if it was stopped before everything was proved', async () => {
    const db = new MemDB();
    built(db, 10);
    const board = new Board(10);
    board.stop();
    const team = new Team(db, [db.view((batch) => storedTask(batch, key))], board, 2);
    await expect(team.proofs()).rejects.toThrow('the workers proved 0 of 10 entries');
    await team.end();
    db.close();
  });

  it('fails if a worker is terminated', async () => {
    const db = new MemDB();
    built(db, 10);
    const board = new Board(10);
    const team = new Team(db, [db.view((batch) => storedTask(batch, key))], board, 1);
    const proofs = team.proofs();
    // Nothing is published, so the worker waits until it is terminated.
    const ended = team.end();
    await Promise.all([ended, proofs.catch(() => {})]);
    expect(db.stats().openBatches).toBe(0);
    db.close();
  });
});

describe('heal', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    { workers: -1 },
    { workers: 1.5 },
    { entries: 0 },
    { entries: Number.NaN },
    { entries: 2 ** 31 },
  ])('refuses %j', async (options) => {
    await expect(heal(options)).rejects.toThrow(RangeError);
  });

  it('reports its progress', async () => {
    const reported: number[] = [];
    const report = await heal({
      entries: 500,
      workers: 1,
      onProgress: ({ proved, total }) => {
        expect(total).toBe(500);
        reported.push(proved);
      },
    });
    expect(report.receipts).toMatchObject({ count: 500, failed: 0 });
    expect(reported.at(-1)).toBe(500);
    expect(reported).toEqual(reported.toSorted((a, b) => a - b));
  });

  it('uses the clocks and timers of Node, though a test library has replaced them', async () => {
    vi.useFakeTimers();
    const healing = heal({ entries: 200, workers: 0 });
    expect(vi.getTimerCount()).toBe(0);
    const { entries, receipts } = await healing;
    expect(entries?.seconds).toBeGreaterThan(0);
    expect(receipts.seconds).toBeGreaterThan(0);
    expect(receipts.latency.max).toBeGreaterThan(0);
  });
});
