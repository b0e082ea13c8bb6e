import { mark } from '../data.js';
import { Random } from '../random.js';
import { type Repeated, repeat } from './workload.js';

/** Keys looked up in all, before the work repeats itself. */
const KEYS = 1_000_000;

/** lmdb-fast is left out: the values of several reads would be one and the same buffer. */
function getMany(count: number): Repeated {
  return {
    name: `getmany-${count}`,
    title: `getMany of ${count.toLocaleString('en')} fresh keys, each`,
    unit: 'ns',
    kind: 'repeated',
    subjects: ['native', 'fallback', 'map', 'lmdb', 'memory-level'],
    task({ store, data }) {
      const picks = new Random(1).picks(KEYS, data.size);
      const reader = store.read();
      // Passes of at least a hundred, for the clock.
      const operations = Math.max(100, count);
      return {
        operations,
        period: KEYS / operations,
        pass: (turn) =>
          repeat(operations / count, (group) => {
            const from = turn * operations + group * count;
            const keys: unknown[] = [];
            for (let i = from; i < from + count; i++) keys.push(data.key(picks[i] as number));
            let sum = 0;
            for (const value of reader.getMany(keys)) sum += mark(value);
            return sum;
          }),
        end: () => reader.discard(),
      };
    },
  };
}

export const getMany10 = getMany(10);
export const getMany1000 = getMany(1_000);
