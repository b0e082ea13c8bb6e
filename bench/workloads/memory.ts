import { AccountUrl, Key, uint } from 'accumulate-memdb';
import { Data } from '../data.js';
import { putAll } from '../fill.js';
import type { Alone, Place, Row } from './workload.js';

/** Entries put into a store that is thrown away, so that compiled code and buffers are there before. */
const WARM_UP = 50_000;

const resident: Row = {
  name: 'memory-resident',
  title: 'memory held beyond key and value, by RSS, each',
  unit: 'bytes',
};

const heap: Row = {
  name: 'memory-heap',
  title: 'heap of V8 used by all entries',
  unit: 'bytes',
};

/** How much the process grows when a store is filled. */
export const memory: Alone = {
  name: 'memory',
  kind: 'alone',
  rows: [resident, heap],
  subjects: ['native', 'fallback', 'map', 'lmdb', 'memory-level'],
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

/** Once the garbage is collected and its memory given back. */
async function settled(): Promise<NodeJS.MemoryUsage> {
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage();
}

/** Of the keys in binary form, whatever the subject keeps in their place. */
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
