import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Key, MemDB, uint } from 'accumulate-memdb';
import type { EngineName } from './engines.js';
import type { Random } from './random.js';

/** What a transaction on lists has read, by the number of the list, and to which lists it appended its token. */
export interface Appends {
  readonly token: string;
  readonly reads: Readonly<Record<number, string>>;
  readonly appends: readonly number[];
}

/**
 * Returns what shows that the transactions cannot have happened one after the other. `final` has each list at the
 * end, which says in what order tokens were appended. So for each two transactions that touch a list it is known
 * which one came first. There must be no circle. Transactions whose report was lost have appended only.
 */
export function findCycle(transactions: readonly Appends[], final: readonly string[]): string[] {
  const faults: string[] = [];
  const after = new Map<string, Set<string>>();
  const order = (first: string | undefined, second: string | undefined) => {
    if (first === undefined || second === undefined || first === second) return;
    const set = after.get(first) ?? new Set();
    after.set(first, set.add(second));
  };
  const lists = final.map((text) => (text === '' ? [] : text.split(',')));
  lists.forEach((list, n) => {
    for (let i = 1; i < list.length; i++) order(list[i - 1], list[i]);
    if (new Set(list).size !== list.length) faults.push(`list ${n} has a token twice`);
  });
  for (const { token, reads, appends } of transactions) {
    for (const n of appends) {
      if (!lists[n]?.includes(token)) faults.push(`what ${token} appended to list ${n} was lost`);
    }
    for (const [n, text] of Object.entries(reads)) {
      const list = lists[Number(n)] as string[];
      const seen = text === '' ? [] : text.split(',');
      if (seen.some((item, i) => item !== list[i])) {
        faults.push(`${token} read of list ${n} what was never there`);
      }
      order(seen.at(-1), token);
      order(token, list[seen.length]);
    }
  }
  return faults.concat(circleIn(after));
}

/** Depth first, without recursion. */
function circleIn(after: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const state = new Map<string, 'open' | 'done'>();
  for (const start of after.keys()) {
    if (state.has(start)) continue;
    const path = [{ node: start, next: [...(after.get(start) ?? [])] }];
    state.set(start, 'open');
    while (path.length > 0) {
      const top = path.at(-1) as (typeof path)[number];
      const next = top.next.pop();
      if (next === undefined) {
        state.set(top.node, 'done');
        path.pop();
      } else if (state.get(next) === 'open') {
        const circle = path.map(({ node }) => node);
        return [`a circle: ${circle.slice(circle.indexOf(next)).join(' before ')}`];
      } else if (!state.has(next)) {
        state.set(next, 'open');
        path.push({ node: next, next: [...(after.get(next) ?? [])] });
      }
    }
  }
  return [];
}

/** A run has at least so many transactions, and so many between two threads that are terminated. */
const LEAST = 1_000;
const BEFORE_KILL = 100;

export type Fault = 'key left out' | 'absent key not compared' | 'scan not marked';

export interface Result {
  readonly faults: string[];
  readonly transactions: number;
  readonly kills: number;
}

/** Four threads that make transactions until the time is over; now and then one is terminated and replaced. */
export async function runTransactions(
  engine: EngineName,
  seconds: number,
  random: Random,
  fault?: Fault,
): Promise<Result> {
  const db = new MemDB({ engine });
  db.update((b) => {
    for (let n = 0; n < 4; n++) b.put(Key.of('account', uint(n)), '100');
    for (let n = 0; n < 2; n++) b.put(Key.of('doctor', uint(n)), 'on');
  });
  const flag = new SharedArrayBuffer(4);
  const faults: string[] = [];
  const appends: Appends[] = [];
  const failures: unknown[] = [];
  let transactions = 0;
  let started = 0;
  const start = () => {
    const thread = new Worker(new URL('./serializable-worker.mjs', import.meta.url), {
      workerData: { handle: db.handle, worker: started++, flag, fault, seed: random.next() | 0 },
    });
    thread.on('message', (result: Partial<Appends> & { wrong?: string }) => {
      transactions++;
      if (result.wrong !== undefined) faults.push(result.wrong);
      if (result.token !== undefined) appends.push(result as Appends);
    });
    thread.on('error', (error) => failures.push(error));
    return thread;
  };
  const threads = [start(), start(), start(), start()];
  const deadline = Date.now() + seconds * 1_000;
  // On a busy machine a thread needs long to start: the time is not over before there was something to see.
  let next = BEFORE_KILL;
  while (
    (Date.now() < deadline || transactions < LEAST) &&
    faults.length === 0 &&
    failures.length === 0
  ) {
    await sleep(20 + random.below(100));
    if (transactions < next) continue;
    next = transactions + BEFORE_KILL;
    const victim = random.below(threads.length);
    await (threads[victim] as Worker).terminate();
    threads[victim] = start();
  }
  Atomics.store(new Int32Array(flag), 0, 1);
  await Promise.all(threads.map((thread) => once(thread, 'exit')));
  if (failures.length > 0) throw failures[0];
  const text = (key: Key) => db.view((b) => b.tryGet(key)?.toString() ?? '');
  const final = [0, 1, 2, 3].map((n) => text(Key.of('list', uint(n))));
  faults.push(...findCycle(appends, final));
  const sum = [0, 1, 2, 3].reduce(
    (total, n) => total + Number(text(Key.of('account', uint(n)))),
    0,
  );
  if (sum !== 400) faults.push(`the bank has ${sum}`);
  const { openBatches } = db.stats();
  if (openBatches > 0) faults.push(`${openBatches} batches are left open`);
  db.close();
  return { faults, transactions, kills: started - threads.length };
}
