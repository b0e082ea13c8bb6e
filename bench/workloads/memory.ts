import { Data } from '../harness/data.js';
import { putAll } from '../harness/fill.js';
import { AccountUrl, Key, uint } from '../harness/package.js';
import { figureOf, type Row } from '../harness/targets.js';
import { stores } from '../subjects/subject.js';
import type { Alone, Place } from './workload.js';

/** The entries of a first store, thrown away: compiled code and buffers exist before we measure. */
const WARM_UP = 50_000;

const resident: Row = {
  name: 'memory-resident',
  title: 'memory held beyond key and value, by RSS, each',
  unit: 'bytes',
  targets: [figureOf('native', 'bytes', 'less', { limit: 88 })],
};

const heap: Row = {
  name: 'memory-heap',
  title: 'heap of V8 used by all entries',
  unit: 'bytes',
  targets: [figureOf('native', 'bytes', 'less', { limit: 1_000_000 })],
};

/** How much the process grows while a store is filled. */
export const memory: Alone = {
  name: 'memory',
  rows: [resident, heap],
  subjects: stores,
  layout: 'accounts',
  sizes: { full: [1_000_000], quick: [200_000] },
  async run(place) {
    const { subject, layout, size } = place;
    const other = await subject.open();
    await putAll(other, new Data(layout, Math.min(size, WARM_UP), other));
    await other.close();

    const store = await subject.open();
    const data = new Data(layout, size, store);
    const before = await settled();
    await putAll(store, data);
    const after = await settled();
    const payload = data.valueBytes + keyBytes(place);
    await store.close();
    return {
      [resident.name]: { median: (after.rss - before.rss - payload) / size },
      [heap.name]: { median: after.heapUsed - before.heapUsed },
    };
  },
};

/** The memory in use once garbage is collected and returned to the OS. */
async function settled(): Promise<NodeJS.MemoryUsage> {
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage();
}

/** The bytes of all keys in binary form, whatever the subject keeps in their place. */
function keyBytes({ layout, size }: Place): number {
  const accounts = layout === 'chain' ? 1 : Math.min(size, 1_000);
  let bytes = 0;
  for (let account = 0; account < accounts; account++) {
    const url = AccountUrl.parse(`acc://account-${account}.acme/tokens`);
    const front = Key.of('Account', url, 'MainChain', 'Element').encode().length;
    for (let n = account; n < size; n += accounts) {
      const [, ...part] = Key.of(uint(Math.floor(n / accounts))).encode();
      bytes += front + part.length;
    }
  }
  return bytes;
}
