import type { Figure } from '../measure.js';
import type { ReaderTask } from '../threads/reader.js';
import { newTimes } from '../threads/stopwatch.js';
import { during, type Thread } from '../threads/thread.js';
import type { WriterTask } from '../threads/writer.js';
import type { Figures, Row } from './workload.js';

/** How often each circumstance is measured, in turns. */
const ROUNDS = 5;

const titles = {
  clock: 'two looks at the clock, as each of the next holds them',
  alone: 'one get, fresh key, nobody writes',
  apart: 'one get, a writer at full speed on another database',
  writer: 'one get, a writer at full speed on the same database',
};

/** Single gets, each timed by itself in the thread that reads. */
export const latencyRows: readonly Row[] = Object.entries(titles).flatMap(
  ([name, title]): Row[] => [
    { name: `latency-${name}`, title: `${title}: p50 / p99`, unit: 'ns' },
    { name: `latency-${name}-p999`, title: '… p99.9', unit: 'ns' },
    { name: `latency-${name}-longest`, title: '… longest', unit: 'ms' },
    {
      name: `latency-${name}-running`,
      title: '… longest, less its time in the run queue',
      unit: 'ms',
    },
  ],
);

/** Of `reader`'s gets: `writer` writes to the same database, `other` to another one. */
export async function latency(
  reader: Thread<ReaderTask>,
  writer: Thread<WriterTask>,
  other: Thread<WriterTask>,
  time: number,
): Promise<Figures> {
  const all = [
    new Circumstance('clock', reader, 'clock', []),
    new Circumstance('alone', reader, 'latencies', []),
    new Circumstance('apart', reader, 'latencies', [other]),
    new Circumstance('writer', reader, 'latencies', [writer]),
  ];
  for (const one of all) await one.measure(time);
  // That was to warm up.
  for (const one of all) one.forget();
  for (let round = 0; round < ROUNDS; round++) {
    for (const one of all) await one.measure(time);
  }
  return Object.assign({}, ...all.map((one) => one.figures()));
}

/** The reader's operations of one kind while some writers are at work; all rounds count together. */
class Circumstance {
  readonly #times = newTimes();
  #running: number[] = [];

  constructor(
    readonly name: keyof typeof titles,
    readonly reader: Thread<ReaderTask>,
    readonly kind: 'clock' | 'latencies',
    readonly writers: readonly Thread<WriterTask>[],
  ) {}

  async measure(time: number): Promise<void> {
    const task = { kind: this.kind, time, times: this.#times };
    const running = await during(this.writers, { kind: 'write' }, () =>
      this.reader.ask<number | undefined>(task),
    );
    if (running !== undefined) this.#running.push(running);
  }

  forget(): void {
    this.#times.reset();
    this.#running = [];
  }

  figures(): Figures {
    const times = this.#times;
    const samples = times.count;
    const row = `latency-${this.name}`;
    const figures: { [row: string]: Figure } = {
      [row]: { median: times.percentile(50), p99: times.percentile(99), samples },
      [`${row}-p999`]: { median: times.percentile(99.9), samples },
      [`${row}-longest`]: { median: times.max / 1e6, samples },
    };
    if (this.#running.length > 0) {
      figures[`${row}-running`] = { median: Math.max(...this.#running), samples };
    }
    return figures;
  }
}
