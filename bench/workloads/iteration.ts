import { mark } from '../harness/data.js';
import { faster } from '../harness/targets.js';
import { stores } from '../subjects/subject.js';
import type { Repeated } from './workload.js';

export const iteration: Repeated = {
  name: 'iteration',
  title: 'iteration over all entries, each',
  unit: 'ns',
  subjects: stores,
  targets: [faster('native', 'lmdb', { layouts: ['accounts'] })],
  task({ store, data }) {
    return {
      operations: data.size,
      period: 1,
      pass() {
        const reader = store.begin();
        let sum = 0;
        const end = reader.forEach((_key, value) => {
          sum += mark(value);
        });
        if (end !== undefined) return end.then(() => finish());
        return finish();

        function finish(): number | Promise<number> {
          const ended = reader.discard();
          return ended === undefined ? sum : ended.then(() => sum);
        }
      },
    };
  },
};
