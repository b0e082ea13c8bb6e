import { setImmediate } from 'node:timers/promises';
import type { Batch } from 'accumulate-memdb';
import { Data } from '../harness/data.js';
import type { Figure } from '../harness/measure.js';
import type { Key } from '../harness/package.js';
import { medianOf } from '../harness/quantile.js';
import { Random } from '../harness/random.js';
import { figureOf, growth, type Row } from '../harness/targets.js';
import type { MemDBStore } from '../subjects/memdb.js';
import { hold } from '../threads/hold.js';
import type { Longest } from '../threads/longest.js';
import { RunQueue } from '../threads/runqueue.js';
import type { HotKeyTask } from '../threads/tasks.js';
import { Thread } from '../threads/thread.js';
import type { Alone, Place } from './workload.js';

/**
 * Milliseconds after which opening batches, or ending them, is given up. The table then says how many
 * were opened, and ended.
 */
const LIMIT = 10_000;
/** A small number of batches is measured again until this many have ended. */
const ENOUGH = 20_000;
/** The batches and superseded versions of the thread that updates are fewer than this. */
const FEW = 10;

const orders = {
  oldest: 'oldest first',
  newest: 'newest first',
  random: 'at random',
  worker: 'by ending the worker that has them',
};
type Order = keyof typeof orders;

const subjects = ['native', 'fallback'] as const;

const endings = Object.entries(orders).flatMap(([order, title]): Row[] => [
  {
    name: `versions-${order}`,
    title: `end of a batch: ${title}`,
    unit: 'ns',
    targets: subjects.map((name) => growth(name, { limit: 2, guarded: false })),
  },
  {
    name: `versions-${order}-stop`,
    title: `longest update of another thread meanwhile, without time in the run queue: ${title}`,
    unit: 'ms',
    targets: subjects.map((name) => figureOf(name, 'ms', 'less', { limit: 20, guarded: false })),
  },
]);

const getOldest: Row = {
  name: 'versions-get-oldest',
  title: 'get of the oldest version',
  unit: 'ns',
};

/** What many open batches cost if each keeps its own version of one hot key. */
export const versions: Alone = {
  name: 'versions',
  heading: 'Open batches, each on a version of its own of one key',
  rows: [...endings, getOldest],
  subjects,
  layout: 'chain',
  sizes: { full: [1_000, 10_000, 100_000], quick: [1_000, 10_000] },
  onRequest: true,
  async run(place) {
    const figures: { [row: string]: Figure } = {};
    for (const order of Object.keys(orders) as Order[]) {
      const hotKey = await HotKey.open(place);
      await hotKey.turn(order, 100);
      // That warmed up.
      const turns: Turn[] = [];
      const enough = performance.now() + LIMIT;
      do turns.push(await hotKey.turn(order, place.size));
      while (turns.length * place.size < ENOUGH && performance.now() < enough);
      const { held, ended } = turns.at(-1) as Turn;
      const noted = (numbers: readonly number[], some: number): Figure => {
        const note = `only ${some.toLocaleString('en')}`;
        return { median: medianOf(numbers), ...(some < place.size && { note }) };
      };
      const endings = turns.map(({ ending }) => ending);
      figures[`versions-${order}`] = noted(endings, ended);
      figures[`versions-${order}-stop`] = { median: Math.max(...turns.map(({ stop }) => stop)) };
      if (order === 'oldest') {
        const gets = turns.map(({ getOldest }) => getOldest);
        figures[getOldest.name] = noted(gets, held);
      }
      await hotKey.close(ended === held);
    }
    return figures;
  },
};

interface Turn {
  /** Nanoseconds to end one batch, without time in the run queue. */
  readonly ending: number;
  /** Milliseconds. */
  readonly stop: number;
  /** Nanoseconds. */
  readonly getOldest: number;
  /** How many batches were opened, and ended. */
  readonly held: number;
  readonly ended: number;
}

/** A database of one key, and a thread that updates it. */
class HotKey {
  readonly #place: Place;
  readonly #store: MemDBStore;
  readonly #updater: Thread<HotKeyTask>;
  readonly #queue = new RunQueue();
  readonly #key: Key;
  readonly #value: Buffer;

  private constructor(place: Place, store: MemDBStore, updater: Thread<HotKeyTask>) {
    const data = new Data(place.layout, 1, store);
    this.#place = place;
    this.#store = store;
    this.#updater = updater;
    this.#key = data.key(0);
    this.#value = Buffer.from(data.value(0));
  }

  static async open(place: Place): Promise<HotKey> {
    const store = (await place.subject.open()) as MemDBStore;
    const one = { ...place, size: 1 };
    return new HotKey(one, store, await Thread.hotKey(one, store));
  }

  /** Opens batches and ends them in that order, while the other thread updates the key. */
  async turn(order: Order, count: number): Promise<Turn> {
    let held = 0;
    let getOldest = 0;
    let end: () => Promise<number>;
    if (order === 'worker') {
      const holder = await Thread.hotKey(this.#place, this.#store);
      held = await holder.ask<number>({ kind: 'hold', count, limit: LIMIT });
      end = () => this.#endThread(holder, held);
    } else {
      const batches = hold(this.#store.db, this.#key, this.#value, count, LIMIT);
      held = batches.length;
      getOldest = this.#timeGet(batches[0] as Batch);
      const ordered = inOrder(order, batches);
      end = async () => endAll(ordered);
    }
    await this.#updater.start({ kind: 'update' });
    const queued = this.#queue.waited() ?? 0;
    const start = performance.now();
    const ended = await end();
    const took = performance.now() - start - ((this.#queue.waited() ?? 0) - queued);
    const { inAll, running = inAll } = await this.#updater.stop<Longest>();
    return { ending: (took * 1e6) / ended, stop: running, getOldest, held, ended };
  }

  async close(ended: boolean): Promise<void> {
    await this.#updater.end();
    if (ended) this.#store.close();
    // The batches that are left would be ended now, which was given up: the process is killed instead.
    else process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  }

  /** Ends the thread and waits until its batches are ended and their versions freed. */
  async #endThread(thread: Thread<HotKeyTask>, held: number): Promise<number> {
    const limit = performance.now() + LIMIT;
    await thread.end();
    const { db } = this.#store;
    while (db.stats().superseded > FEW && performance.now() < limit) await setImmediate();
    const { openBatches } = db.stats();
    return openBatches > FEW ? held - openBatches : held;
  }

  /** Nanoseconds of a get of the key's value in this batch. */
  #timeGet(batch: Batch): number {
    let gets = 0;
    const start = performance.now();
    let now = start;
    for (; now < start + this.#place.pace.time; now = performance.now()) {
      for (let n = 0; n < 10; n++) batch.get(this.#key);
      gets += 10;
    }
    return ((now - start) * 1e6) / gets;
  }
}

function inOrder(order: Order, batches: readonly Batch[]): Batch[] {
  if (order === 'newest') return batches.toReversed();
  if (order === 'oldest') return [...batches];
  const random = new Random(9).order(batches.length);
  return Array.from(random, (n) => batches[n] as Batch);
}

/** Ends the batches until the time is over; returns how many it ended. */
function endAll(batches: readonly Batch[]): number {
  const limit = performance.now() + LIMIT;
  for (const [n, batch] of batches.entries()) {
    batch.discard();
    if (n % 10 === 9 && performance.now() >= limit) return n + 1;
  }
  return batches.length;
}
