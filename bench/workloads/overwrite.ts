import { layoutNames } from '../harness/data.js';
import { BLOCK } from '../harness/fill.js';
import { Random } from '../harness/random.js';
import { faster } from '../harness/targets.js';
import { stores, type Writer } from '../subjects/subject.js';
import type { Repeated } from './workload.js';

const PASSES = 2_000;

export const overwriteBlocks: Repeated = {
  name: 'overwrite-blocks',
  title: 'put over another value + commit, blocks of 100, each',
  unit: 'ns',
  subjects: stores,
  layouts: layoutNames,
  targets: [faster('native', 'lmdb', { layouts: ['accounts'] })],
  task({ store, data }) {
    const picks = new Random(6).picks(BLOCK * PASSES, data.size);
    let from = 0;
    const write = (writer: Writer<unknown>) => {
      for (let i = from; i < from + BLOCK; i++) {
        const n = picks[i] as number;
        writer.put(data.key(n), data.value(n));
      }
    };
    return {
      operations: BLOCK,
      period: PASSES,
      pass(turn) {
        from = turn * BLOCK;
        const done = store.update(write);
        return done === undefined ? 1 : done.then(() => 1);
      },
    };
  },
};
