import { mark } from '../harness/data.js';
import { Random } from '../harness/random.js';
import { faster, growth } from '../harness/targets.js';
import { stores } from '../subjects/subject.js';
import { type Repeated, repeat } from './workload.js';

const TIMES = 100;
const PASSES = 5_000;

export const beginDiscard: Repeated = {
  name: 'begin-discard',
  title: 'begin + discard',
  unit: 'ns',
  subjects: stores,
  targets: [growth('native', { limit: 1.5, layouts: ['accounts'] })],
  task({ store }) {
    return {
      operations: TIMES,
      period: 1,
      pass: () =>
        repeat(TIMES, () => {
          const end = store.begin().discard();
          return end === undefined ? 1 : end.then(() => 1);
        }),
    };
  },
};

export const beginGetDiscard: Repeated = {
  name: 'begin-get-discard',
  title: 'begin + get of a new key + discard',
  unit: 'ns',
  subjects: stores,
  targets: [faster('native', 'lmdb', { layouts: ['accounts'] })],
  task({ store, data }) {
    const picks = new Random(4).picks(TIMES * PASSES, data.size);
    return {
      operations: TIMES,
      period: PASSES,
      pass: (turn) =>
        repeat(TIMES, (n) => {
          const reader = store.begin();
          const found = mark(reader.get(data.key(picks[turn * TIMES + n] as number)));
          const end = reader.discard();
          return end === undefined ? found : end.then(() => found);
        }),
    };
  },
};
