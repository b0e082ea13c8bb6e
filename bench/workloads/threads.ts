import { Data } from '../harness/data.js';
import { putAll } from '../harness/fill.js';
import { quantile } from '../harness/quantile.js';
import { figureOf, type Row } from '../harness/targets.js';
import { MemDBStore } from '../subjects/memdb.js';
import type { ReaderTask } from '../threads/tasks.js';
import { Thread } from '../threads/thread.js';
import type { Alone, Place } from './workload.js';

/** How often one thread and two are measured in turn. */
const ROUNDS = 7;

const one: Row = { name: 'threads-1', title: 'get, new key, in 1 thread', unit: 'ns' };

const scaling: Row = {
  name: 'threads-2',
  title: 'reads a second of 2 threads on one database, compared with 1',
  unit: 'ratio',
  targets: [figureOf('native', '', 'more', { limit: 1.8, guarded: false })],
};

const limit: Row = {
  name: 'threads-apart',
  title: 'the same, each thread on a database of its own: what the machine allows',
  unit: 'ratio',
};

const shared: Row = {
  name: 'threads-shared',
  title: '2 threads on one database, compared with 2 on two',
  unit: 'ratio',
};

/** Reads by worker threads that attach to the database by its handle. */
export const threads: Alone = {
  name: 'threads',
  rows: [one, scaling, limit, shared],
  subjects: ['native', 'fallback'],
  layout: 'accounts',
  sizes: { full: [1_000_000], quick: [100_000] },
  async run(place) {
    const stores = [await attachable(place), await attachable(place)] as const;
    const first = await Thread.reader(place, stores[0], 1);
    const second = await Thread.reader(place, stores[0], 2);
    const other = await Thread.reader(place, stores[1], 2);

    const alone: number[] = [];
    const together: number[] = [];
    const apart: number[] = [];
    const ratios: number[] = [];
    // The first round warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      const rates = [
        await rate(place, first),
        await rate(place, first, second),
        await rate(place, first, other),
      ] as const;
      if (round === 0) continue;
      alone.push(1e9 / rates[0]);
      together.push(rates[1] / rates[0]);
      apart.push(rates[2] / rates[0]);
      ratios.push(rates[1] / rates[2]);
    }

    await Promise.all([first, second, other].map((thread) => thread.end()));
    for (const store of stores) store.close();
    return {
      [one.name]: { median: quantile(alone, 0.5) },
      [scaling.name]: { median: quantile(together, 0.5) },
      [limit.name]: { median: quantile(apart, 0.5) },
      [shared.name]: { median: quantile(ratios, 0.5) },
    };
  },
};

/** A store with all entries of its data, to which threads can attach. */
export async function attachable({ subject, layout, size }: Place): Promise<MemDBStore> {
  const store = await subject.open();
  if (!(store instanceof MemDBStore)) throw new Error(`${subject.name} cannot be attached to`);
  await putAll(store, new Data(layout, size, store));
  return store;
}

/** Reads a second of these threads, all at once. */
async function rate({ pace }: Place, ...threads: Thread<ReaderTask>[]): Promise<number> {
  const task = { kind: 'rate', time: pace.time } as const;
  const times = await Promise.all(threads.map((thread) => thread.ask<number>(task)));
  return times.reduce((sum, time) => sum + 1e9 / time, 0);
}
