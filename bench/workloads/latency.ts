import type { Figure } from '../harness/measure.js';
import { newTimes } from '../threads/stopwatch.js';
import type { ReaderTask, WriterTask } from '../threads/tasks.js';
import { during, Thread } from '../threads/thread.js';
import { attachable } from './threads.js';
import type { Alone, Figures } from './workload.js';

/** How often each circumstance is measured, in turn. */
const ROUNDS = 5;

const titles = {
  clock: 'two readings of the clock, which each of the next rows contains',
  alone: 'one get, new key, nobody writes',
  apart: 'one get, a writer at full speed on another database',
  writer: 'one get, a writer at full speed on the same database',
};

/** Single gets, each timed by itself in the thread that reads, with and without a writer. */
export const latency: Alone = {
  name: 'latency',
  rows: Object.entries(titles).flatMap(([name, title]) => [
    {
      name: `latency-${name}`,
      title: `${title}: p50 / p99 / p99.9 / p99.99 / longest`,
      unit: 'ns' as const,
    },
    {
      name: `latency-${name}-running`,
      title: '… longest, without time in the run queue',
      unit: 'ms' as const,
    },
  ]),
  subjects: ['native', 'fallback'],
  layout: 'accounts',
  sizes: { full: [1_000_000], quick: [100_000] },
  onRequest: true,
  async run(place) {
    const [store, another] = [await attachable(place), await attachable(place)];
    const writer = await Thread.writer(place, store, 101);
    const other = await Thread.writer(place, another, 102);
    const reader = await Thread.reader(place, store, 1);
    const all = [
      new Circumstance('clock', reader, 'clock', []),
      new Circumstance('alone', reader, 'latencies', []),
      new Circumstance('apart', reader, 'latencies', [other]),
      new Circumstance('writer', reader, 'latencies', [writer]),
    ];
    const { time } = place.pace;
    for (const one of all) await one.measure(time);
    // The first round warmed up.
    for (const one of all) one.forget();
    for (let round = 0; round < ROUNDS; round++) {
      for (const one of all) await one.measure(time);
    }
    await Promise.all([writer, other, reader].map((thread) => thread.end()));
    store.close();
    another.close();
    return Object.assign({}, ...all.map((one) => one.figures()));
  },
};

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
    const row = `latency-${this.name}`;
    const at = (percentile: number) => this.#times.percentile(percentile);
    const percentiles = { 99: at(99), '99.9': at(99.9), '99.99': at(99.99), 100: at(100) };
    const figures: { [row: string]: Figure } = { [row]: { median: at(50), percentiles } };
    if (this.#running.length > 0) {
      figures[`${row}-running`] = { median: Math.max(...this.#running) };
    }
    return figures;
  }
}
