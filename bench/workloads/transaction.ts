import { mark } from '../harness/data.js';
import { Random } from '../harness/random.js';
import { faster, type Target } from '../harness/targets.js';
import { stores, type Writer } from '../subjects/subject.js';
import { type Repeated, repeat } from './workload.js';

const TIMES = 20;
const PASSES = 1_000;

/** Reads a value and puts it again, unchanged. */
function transaction(name: string, kind: 'reused' | 'new', target: Target): Repeated {
  const reused = kind === 'reused';
  return {
    name,
    title: `begin + get + put + commit of one ${kind} key`,
    unit: 'ns',
    subjects: stores,
    targets: [target],
    task({ store, data }) {
      const picks = new Random(5).picks(TIMES * PASSES, data.size);
      const keys = reused ? Array.from(picks, (n) => data.key(n)) : [];
      let key: unknown;
      let entry = 0;
      let found = 0;
      const replace = (writer: Writer<unknown>) => {
        found = mark(writer.tryGet(key));
        writer.put(key, data.value(entry));
      };
      return {
        operations: TIMES,
        period: PASSES,
        pass: (turn) =>
          repeat(TIMES, (n) => {
            const at = turn * TIMES + n;
            entry = picks[at] as number;
            key = reused ? keys[at] : data.key(entry);
            const done = store.update(replace);
            if (done === undefined) return found;
            const marked = found;
            return done.then(() => marked);
          }),
      };
    },
  };
}

export const transactionReused = transaction(
  'transaction-reused',
  'reused',
  faster('native', 'lmdb', { limit: 10, layouts: ['accounts'] }),
);

export const transactionNew = transaction(
  'transaction-new',
  'new',
  faster('native', 'lmdb', { layouts: ['accounts'] }),
);
