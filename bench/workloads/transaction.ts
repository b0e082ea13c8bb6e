import { mark } from '../data.js';
import { Random } from '../random.js';
import type { Writer } from '../subjects/subject.js';
import { type Repeated, repeat } from './workload.js';

const TIMES = 20;
const PASSES = 1_000;

/** A value is read and put again, as it was. */
function transaction(name: string, title: string, kept: boolean): Repeated {
  return {
    name,
    title,
    unit: 'ns',
    kind: 'repeated',
    subjects: ['native', 'fallback', 'map', 'lmdb', 'memory-level'],
    task({ store, data }) {
      const picks = new Random(5).picks(TIMES * PASSES, data.size);
      const keys = kept ? Array.from(picks, (n) => data.key(n)) : [];
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
            key = kept ? keys[at] : data.key(entry);
            const done = store.update(replace);
            if (done === undefined) return found;
            const marked = found;
            return done.then(() => marked);
          }),
      };
    },
  };
}

export const transactionKept = transaction(
  'transaction-kept',
  'begin + get + put + commit of one kept key',
  true,
);

export const transactionFresh = transaction(
  'transaction-fresh',
  'begin + get + put + commit of one fresh key',
  false,
);
