import type { Figure } from '../measure.js';
import { medianOf } from '../results.js';
import type { ReaderTask } from '../threads/reader.js';
import { during, type Thread } from '../threads/thread.js';
import type { Longest, WriterTask, Writes } from '../threads/writer.js';
import type { Figures, Row } from './workload.js';

/** How often both circumstances are measured, in turns. */
const ROUNDS = 5;

/** Under how many readers. */
const READERS = [2, 4, 8] as const;
export const MOST_READERS = 8;

/** The longest calls of a writer that writes blocks of 100 at full speed while others read. */
export const waitingRows: readonly Row[] = READERS.flatMap((readers) => {
  const under = `under ${readers} readers`;
  return [
    ...longestRows(`commit-${readers}`, `longest commit ${under}`),
    ...longestRows(`update-${readers}`, `longest update ${under}`),
    ...longestRows(`apart-${readers}`, `longest of both, ${under} of another database`),
    {
      name: `commits-${readers}`,
      title: `blocks a second ${under}, relative to that`,
      unit: 'ratio',
    },
  ];
});

function longestRows(name: string, title: string): Row[] {
  return [
    { name, title, unit: 'ms' },
    { name: `${name}-running`, title: '… less its time in the run queue', unit: 'ms' },
  ];
}

/** Of `writer`, while `readers` read the same database, and of `other`, which writes to another. */
export async function waiting(
  readers: readonly Thread<ReaderTask>[],
  writer: Thread<WriterTask>,
  other: Thread<WriterTask>,
  time: number,
): Promise<Figures> {
  const write = (thread: Thread<WriterTask>, count: number) =>
    during(readers.slice(0, count), { kind: 'read' }, () =>
      thread.ask<Writes>({ kind: 'time', time }),
    );
  // To warm up: compiling stops a thread for longer than anything that is to be seen here.
  for (const thread of [writer, other, writer, other]) await write(thread, MOST_READERS);

  const figures: { [row: string]: Figure } = {};
  for (const count of READERS) {
    const together: Writes[] = [];
    const apart: Writes[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      together.push(await write(writer, count));
      apart.push(await write(other, count));
    }
    const add = (name: string, calls: readonly Longest[]) => {
      figures[name] = { median: Math.max(...calls.map(({ inAll }) => inAll)) };
      const running = calls.flatMap((call) => call.running ?? []);
      if (running.length > 0) figures[`${name}-running`] = { median: Math.max(...running) };
    };
    add(
      `commit-${count}`,
      together.map(({ commit }) => commit),
    );
    add(
      `update-${count}`,
      together.map(({ update }) => update),
    );
    add(
      `apart-${count}`,
      apart.flatMap(({ commit, update }) => [commit, update]),
    );
    const ratios = together.map(({ rate }, round) => rate / (apart[round] as Writes).rate);
    figures[`commits-${count}`] = { median: medianOf(ratios) };
  }
  return figures;
}
