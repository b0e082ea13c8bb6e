import type { Figure } from '../harness/measure.js';
import { medianOf } from '../harness/quantile.js';
import type { Row } from '../harness/targets.js';
import type { Longest } from '../threads/longest.js';
import type { WriterTask, Writes } from '../threads/tasks.js';
import { during, Thread } from '../threads/thread.js';
import { attachable } from './threads.js';
import type { Alone } from './workload.js';

/** How often each circumstance is measured, in turn. */
const ROUNDS = 5;

/** How many readers the writer runs with. */
const READERS = [2, 4, 8] as const;
const MOST_READERS = 8;

const rows = READERS.flatMap((readers): Row[] => [
  ...longestRows(`commit-${readers}`, `longest commit under ${readers} readers`),
  ...longestRows(`update-${readers}`, `longest update under ${readers} readers`),
  ...longestRows(`apart-${readers}`, `longest of both, ${readers} readers on another database`),
  {
    name: `commits-${readers}`,
    title: `blocks a second under ${readers} readers, compared with readers on another database`,
    unit: 'ratio',
  },
]);

function longestRows(name: string, title: string): Row[] {
  return [
    { name, title, unit: 'ms' },
    { name: `${name}-running`, title: '… without time in the run queue', unit: 'ms' },
  ];
}

/** The longest calls of a writer that commits blocks of 100 at full speed while others read. */
export const waiting: Alone = {
  name: 'waiting',
  rows,
  subjects: ['native', 'fallback'],
  layout: 'accounts',
  sizes: { full: [1_000_000], quick: [100_000] },
  onRequest: true,
  async run(place) {
    const [store, another] = [await attachable(place), await attachable(place)];
    const writer = await Thread.writer(place, store, 101);
    const other = await Thread.writer(place, another, 102);
    const readers = await Promise.all(
      Array.from({ length: MOST_READERS }, (_, n) => Thread.reader(place, store, n + 1)),
    );
    const { time } = place.pace;
    const write = (thread: Thread<WriterTask>, count: number) =>
      during(readers.slice(0, count), { kind: 'read' }, () =>
        thread.ask<Writes>({ kind: 'time', time }),
      );
    // Compiling stops a thread for longer than anything that is measured here, so this warms up.
    for (const thread of [writer, other, writer, other]) await write(thread, MOST_READERS);

    const figures: { [row: string]: Figure } = {};
    for (const count of READERS) {
      const together: Writes[] = [];
      const apart: Writes[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        together.push(await write(writer, count));
        apart.push(await write(other, count));
      }
      const commits = together.map(({ commit }) => commit);
      const updates = together.map(({ update }) => update);
      Object.assign(figures, longest(`commit-${count}`, commits));
      Object.assign(figures, longest(`update-${count}`, updates));
      const both = apart.flatMap(({ commit, update }) => [commit, update]);
      Object.assign(figures, longest(`apart-${count}`, both));
      const ratios = together.map(({ rate }, round) => rate / (apart[round] as Writes).rate);
      figures[`commits-${count}`] = { median: medianOf(ratios) };
    }

    await Promise.all([writer, other, ...readers].map((thread) => thread.end()));
    store.close();
    another.close();
    return figures;
  },
};

function longest(row: string, calls: readonly Longest[]): { [row: string]: Figure } {
  const running = calls.flatMap((call) => call.running ?? []);
  return {
    [row]: { median: Math.max(...calls.map(({ inAll }) => inAll)) },
    ...(running.length > 0 && { [`${row}-running`]: { median: Math.max(...running) } }),
  };
}
