import type { Store, Writer } from '../subjects/subject.js';
import type { Filled, Place } from '../workloads/workload.js';
import { Data } from './data.js';
import type { Figure } from './measure.js';
import { quantile } from './quantile.js';

/** The entries of a block, which one commit writes. */
export const BLOCK = 100;

/** The entries of a store that only warms the code up. */
const WARM_UP = 20_000;

/**
 * Fills a store with all entries of its data in blocks of 100, and times that. A million entries are
 * put once, so tinybench, which repeats what it measures, does not fit. Small stores are filled
 * again and again until there is enough to measure.
 */
export async function fill(place: Place): Promise<{ filled: Filled; figure: Figure }> {
  await warmUp(place);
  const averages: number[] = [];
  const blocks: number[] = [];
  const enough = performance.now() + place.pace.time;
  for (;;) {
    globalThis.gc?.();
    const store = await place.subject.open();
    const data = new Data(place.layout, place.size, store);
    const start = performance.now();
    await putAll(store, data, blocks);
    averages.push(((performance.now() - start) * 1e6) / place.size);
    if (performance.now() >= enough) {
      verify(store, data);
      const percentiles = { 99: quantile(blocks, 0.99) };
      return { filled: { store, data }, figure: { median: quantile(averages, 0.5), percentiles } };
    }
    await store.close();
  }
}

/** Times putting all entries in one batch; nanoseconds an entry. */
export async function fillWhole(place: Place): Promise<Figure> {
  await warmUp(place);
  const averages: number[] = [];
  const enough = performance.now() + place.pace.time;
  do {
    globalThis.gc?.();
    const store = await place.subject.open();
    const data = new Data(place.layout, place.size, store);
    const start = performance.now();
    await store.update((writer) => put(writer, data, 0, place.size));
    averages.push(((performance.now() - start) * 1e6) / place.size);
    verify(store, data);
    await store.close();
  } while (performance.now() < enough);
  return { median: quantile(averages, 0.5) };
}

/** Fills stores and throws them away, until the code is compiled. */
export async function warmUp({ subject, layout, size }: Place): Promise<void> {
  let done = 0;
  while (done < WARM_UP) {
    const store = await subject.open();
    const data = new Data(layout, Math.min(size, WARM_UP), store);
    await putAll(store, data);
    done += data.size;
    await store.close();
  }
}

/** Puts all entries in blocks of 100; adds the time of each block to `times`, nanoseconds an entry. */
export async function putAll(store: Store, data: Data, times: number[] = []): Promise<void> {
  let from = 0;
  const write = (writer: Writer<unknown>) => put(writer, data, from, from + BLOCK);
  for (; from < data.size; from += BLOCK) {
    const start = performance.now();
    const done = store.update(write);
    if (done !== undefined) await done;
    times.push(((performance.now() - start) * 1e6) / BLOCK);
  }
}

function put(writer: Writer<unknown>, data: Data, from: number, to: number): void {
  const { order } = data;
  for (let i = from; i < to; i++) {
    const n = order[i] as number;
    writer.put(data.key(n), data.value(n));
  }
}

/** Throws unless the store has the right values and no others; checks some ten thousand. */
function verify(store: Store, data: Data): void {
  const reader = store.read();
  const step = Math.ceil(data.size / 10_000);
  for (let n = 0; n < data.size; n += step) {
    if (!same(reader.get(data.key(n)), data.value(n))) {
      throw new Error(`entry ${n} has the wrong value`);
    }
    if (reader.tryGet(data.key(data.size + n)) !== undefined) {
      throw new Error(`entry ${data.size + n} should not be there`);
    }
  }
  void reader.discard();
}

/** Compares byte by byte: the length of lmdb's fast buffer is not that of its memory. */
export function same(found: Uint8Array | undefined, value: Uint8Array): boolean {
  return found?.length === value.length && value.every((byte, n) => found[n] === byte);
}
