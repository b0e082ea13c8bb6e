import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Key, MemDB, uint } from 'accumulate-memdb';
import type { EngineName } from './engines.js';
import { type Anomaly, check, type Transaction, VERSION, type Violation } from './history.js';
import type { Random } from './random.js';

/** What each key is for. */
const LAYOUT = {
  version: VERSION,
  counters: [1, 2, 3],
  registers: [4, 5, 6, 7, 8, 9, 10, 11],
  groups: [
    [12, 13, 14, 15],
    [16, 17, 18, 19, 20, 21],
  ],
  count: 22,
};

export interface Options {
  readonly engine: EngineName;
  readonly workers: number;
  readonly seconds: number;
  /** The run goes on until there were so many, because a machine may be busy with other things. */
  readonly commits: number;
  readonly random: Random;
  /** What the workers do wrong. */
  readonly fault?: Anomaly;
}

export interface Result {
  readonly violations: Violation[];
  readonly transactions: number;
}

/** How many transactions a worker makes between two checks. It bounds the memory of the logs. */
const ROUND = 1_000;
/** How long a round lasts that begins after the time is over, in ms. */
const EXTRA = 200;

function read(db: MemDB): Map<number, number> {
  const keys = Array.from({ length: LAYOUT.count }, (_, i) => Key.of('history', uint(i)));
  const values = db.view((batch) => batch.getMany(keys));
  return new Map(values.map((value, i) => [i, value?.readInt32LE() ?? 0]));
}

async function start(db: MemDB, clock: SharedArrayBuffer, worker: number, options: Options) {
  const random = Uint32Array.from({ length: 50_000 }, () => options.random.next());
  const thread = new Worker(new URL('./history-worker.mjs', import.meta.url), {
    workerData: { handle: db.handle, clock, worker, layout: LAYOUT, random, fault: options.fault },
  });
  await once(thread, 'message');
  return thread;
}

async function round(threads: readonly Worker[], deadline: number): Promise<Transaction[]> {
  const logs = threads.map((thread) => once(thread, 'message'));
  for (const thread of threads) thread.postMessage({ count: ROUND, deadline });
  const answers = (await Promise.all(logs)) as [Transaction[]][];
  return answers.flatMap(([log]) => log);
}

/** Lets workers run on one database, round by round, and checks the history of each round. */
export async function runHistory(options: Options): Promise<Result> {
  const db = new MemDB({ engine: options.engine });
  const clock = new SharedArrayBuffer(4);
  const result: Result = { violations: [], transactions: 0 };
  const threads = await Promise.all(
    Array.from({ length: options.workers }, (_, i) => start(db, clock, i, options)),
  );
  const deadline = Date.now() + options.seconds * 1_000;
  let { transactions } = result;
  try {
    let initial = read(db);
    do {
      const log = await round(threads, Math.max(deadline, Date.now() + EXTRA));
      const final = read(db);
      transactions += log.length;
      result.violations.push(...check({ ...LAYOUT, initial, final, transactions: log }));
      initial = final;
    } while (
      result.violations.length === 0 &&
      (Date.now() < deadline || db.stats().commits < options.commits)
    );
    return { ...result, transactions };
  } finally {
    const exits = threads.map((thread) => once(thread, 'exit'));
    for (const thread of threads) thread.postMessage({ stop: true });
    await Promise.all(exits);
    db.close();
  }
}
