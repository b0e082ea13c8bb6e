import { layoutNames, mark } from '../harness/data.js';
import type { Task } from '../harness/measure.js';
import { Random } from '../harness/random.js';
import { faster, relativeTo } from '../harness/targets.js';
import { subjectNames } from '../subjects/subject.js';
import type { Filled, Repeated } from './workload.js';

/** Gets of a pass: enough for the clock not to matter, too few to be interrupted often. */
const GETS = 100;
const PASSES = 10_000;
/** Reused keys are made beforehand, so there are fewer. */
const REUSED_PASSES = 2_500;

export const getNew: Repeated = {
  name: 'get-new',
  title: 'get, new key',
  unit: 'ns',
  subjects: subjectNames,
  layouts: layoutNames,
  targets: [
    faster('native', 'map-simple', { limit: 10, at: 'largest' }),
    faster('native', 'map-careful'),
    faster('fallback', 'map-simple', { limit: 1.5 }),
    faster('fallback', 'map-careful'),
    // A better fallback makes this ratio worse, so it is reported only.
    faster('native', 'fallback', { guarded: false }),
  ],
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
  title: 'get, new key that is missing',
  unit: 'ns',
  subjects: subjectNames,
  layouts: layoutNames,
  targets: [relativeTo('get-new', { limit: 1 })],
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

/** A reused key is the same Key object; for other stores, the digest in the form that they take. */
export const getReused: Repeated = {
  name: 'get-reused',
  title: 'get, reused key',
  unit: 'ns',
  subjects: subjectNames,
  targets: [
    faster('native', 'lmdb', { limit: 5, at: 'smallest', layouts: ['accounts'] }),
    faster('native', 'lmdb', { limit: 3, at: 'largest', layouts: ['accounts'] }),
  ],
  task: reusedTask,
};

function reusedTask({ store, data }: Filled): Task {
  const picks = new Random(3).picks(GETS * REUSED_PASSES, data.size);
  const made = new Map<number, unknown>();
  const keys = Array.from(picks, (n) => {
    const key = made.get(n) ?? data.key(n);
    made.set(n, key);
    return key;
  });
  const reader = store.read();
  // A Key caches its digest on its second use.
  for (let use = 0; use < 3; use++) for (const key of keys) reader.get(key);
  return {
    operations: GETS,
    period: REUSED_PASSES,
    pass(turn) {
      let sum = 0;
      const end = (turn + 1) * GETS;
      for (let i = turn * GETS; i < end; i++) sum += mark(reader.get(keys[i]));
      return sum;
    },
    end: () => reader.discard(),
  };
}
