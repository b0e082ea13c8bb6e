import { mark } from '../data.js';
import type { Repeated } from './workload.js';

export const iteration: Repeated = {
  name: 'iteration',
  title: 'iteration over all, each',
  unit: 'ns',
  kind: 'repeated',
  subjects: ['native', 'fallback', 'map', 'lmdb', 'memory-level'],
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
