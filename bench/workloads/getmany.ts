import { type LayoutName, layoutNames, mark } from '../harness/data.js';
import { Random } from '../harness/random.js';
import { elements, faster, relativeTo, type Target } from '../harness/targets.js';
import { stores } from '../subjects/subject.js';
import { type Repeated, repeat } from './workload.js';

/** The keys of all passes, before the work repeats itself. */
const KEYS = 1_000_000;

function getMany(
  count: number,
  targets: readonly Target[],
  layouts: readonly LayoutName[] = elements,
): Repeated {
  return {
    name: `getmany-${count}`,
    title: `getMany of ${count.toLocaleString('en')} new keys, each`,
    unit: 'ns',
    subjects: stores,
    layouts,
    targets,
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

export const getMany10 = getMany(10, [faster('native', 'lmdb', { layouts: ['accounts'] })]);
export const getMany1000 = getMany(
  1_000,
  [relativeTo('get-new', { limit: 0.6, at: 'largest' })],
  layoutNames,
);
