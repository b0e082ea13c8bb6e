import { mark } from '../data.js';
import type { Task } from '../measure.js';
import { Random } from '../random.js';
import type { Filled, Repeated } from './workload.js';

/** Gets of a pass: many to the clock, few to a system that runs others in turns. */
const GETS = 100;
const PASSES = 10_000;
/** Kept keys are built beforehand, so there are fewer. */
const KEPT_PASSES = 2_500;

export const getFresh: Repeated = {
  name: 'get-fresh',
  title: 'get, fresh key',
  unit: 'ns',
  kind: 'repeated',
  task({ store, data }) {
    const picks = new Random(1).picks(GETS * PASSES, data.size);
    const reader = store.read();
    return {
      operations: GETS,
      period: PASSES,
      pass(turn) {
        let sum = 0;
        const end = (turn + 1) * GETS;
        for (let i = turn * GETS; i < end; i++) {
          sum += mark(reader.get(data.key(picks[i] as number)));
        }
        return sum;
      },
      end: () => reader.discard(),
    };
  },
};

export const getMissing: Repeated = {
  name: 'get-missing',
  title: 'get, fresh key that is missing',
  unit: 'ns',
  kind: 'repeated',
  task({ store, data }) {
    const picks = new Random(2).picks(GETS * PASSES, data.size);
    const reader = store.read();
    return {
      operations: GETS,
      period: PASSES,
      pass(turn) {
        let sum = 0;
        const end = (turn + 1) * GETS;
        for (let i = turn * GETS; i < end; i++) {
          sum += mark(reader.tryGet(data.key(data.size + (picks[i] as number))));
        }
        return sum;
      },
      end: () => reader.discard(),
    };
  },
};

/** A kept key: the same Key object; for the others the digest, in the form that their store takes. */
export const getKept: Repeated = {
  name: 'get-kept',
  title: 'get, kept key',
  unit: 'ns',
  kind: 'repeated',
  task: keptTask,
};

function keptTask({ store, data }: Filled): Task {
  const picks = new Random(3).picks(GETS * KEPT_PASSES, data.size);
  const made = new Map<number, unknown>();
  const keys = Array.from(picks, (n) => {
    const key = made.get(n) ?? data.key(n);
    made.set(n, key);
    return key;
  });
  const reader = store.read();
  // A Key keeps its digest from its second use on.
  for (let use = 0; use < 3; use++) for (const key of keys) reader.get(key);
  return {
    operations: GETS,
    period: KEPT_PASSES,
    pass(turn) {
      let sum = 0;
      const end = (turn + 1) * GETS;
      for (let i = turn * GETS; i < end; i++) sum += mark(reader.get(keys[i]));
      return sum;
    },
    end: () => reader.discard(),
  };
}
