import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Data } from '../data.js';
import { putAll, quantile } from '../fill.js';
import { MemDBStore } from '../subjects/memdb.js';
import type { Assignment } from './readingthread.js';
import type { Alone, Place, Row } from './workload.js';

/** How often one thread and two are measured, in turns. */
const ROUNDS = 7;

const one: Row = { name: 'threads-1', title: 'get, fresh key, in 1 thread', unit: 'ns' };

const scaling: Row = {
  name: 'threads-2',
  title: 'reads a second of 2 threads on one database, relative to 1',
  unit: 'ratio',
};

const limit: Row = {
  name: 'threads-apart',
  title: 'the same, each on a database of its own: what the machine allows',
  unit: 'ratio',
};

/** Reads by worker threads that attach to the database by its handle. */
export const threads: Alone = {
  name: 'threads',
  kind: 'alone',
  rows: [one, scaling, limit],
  subjects: ['native', 'fallback'],
  async run(place) {
    const stores = [await filled(place), await filled(place)] as const;
    const first = await start(place, stores[0], 1);
    const second = await start(place, stores[0], 2);
    const other = await start(place, stores[1], 2);

    const alone: number[] = [];
    const together: number[] = [];
    const apart: number[] = [];
    // The first round is to warm up.
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
    }

    await Promise.all([first, second, other].map((thread) => thread.terminate()));
    for (const store of stores) store.close();
    return {
      [one.name]: { median: quantile(alone, 0.5), samples: ROUNDS },
      [scaling.name]: { median: quantile(together, 0.5), samples: ROUNDS },
      [limit.name]: { median: quantile(apart, 0.5), samples: ROUNDS },
    };
  },
};

async function filled({ subject, layout, size }: Place): Promise<MemDBStore> {
  const store = await subject.open();
  if (!(store instanceof MemDBStore)) throw new Error(`${subject.name} cannot be attached to`);
  await putAll(store, new Data(layout, size, store));
  return store;
}

async function start({ layout, size }: Place, store: MemDBStore, seed: number): Promise<Worker> {
  const workerData: Assignment = { handle: store.db.handle, layout, size, seed };
  const thread = new Worker(join(__dirname, 'readingthread.js'), { workerData });
  await once(thread, 'message');
  return thread;
}

/** Reads a second of all these threads at once. */
async function rate({ pace }: Place, ...threads: Worker[]): Promise<number> {
  const done = threads.map((thread) => once(thread, 'message') as Promise<[number]>);
  for (const thread of threads) thread.postMessage(pace.time);
  const times = await Promise.all(done);
  return times.reduce((sum, [time]) => sum + 1e9 / time, 0);
}
