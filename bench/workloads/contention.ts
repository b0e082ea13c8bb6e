import { Thread } from '../threads/thread.js';
import { latency, latencyRows } from './latency.js';
import { attachable } from './threads.js';
import { MOST_READERS, waiting, waitingRows } from './waiting.js';
import type { Alone } from './workload.js';

/**
 * What readers and a writer cost each other: `latency.ts` and `waiting.ts`. Beside each figure is
 * that of the same threads on two databases, which meet at the machine's resources alone.
 */
export const contention: Alone = {
  name: 'contention',
  kind: 'alone',
  rows: [...latencyRows, ...waitingRows],
  subjects: ['native', 'fallback'],
  async run(place) {
    const { time } = place.pace;
    const [store, another] = [await attachable(place), await attachable(place)];
    const writer = await Thread.writer(place, store, 101);
    const other = await Thread.writer(place, another, 102);
    const first = await Thread.reader(place, store, 1);
    const gets = await latency(first, writer, other, time);

    const readers = [first];
    while (readers.length < MOST_READERS) {
      readers.push(await Thread.reader(place, store, readers.length + 1));
    }
    const waits = await waiting(readers, writer, other, time);

    await Promise.all([writer, other, ...readers].map((thread) => thread.end()));
    store.close();
    another.close();
    return { ...gets, ...waits };
  },
};
