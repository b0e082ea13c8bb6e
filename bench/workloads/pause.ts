import { Data } from '../data.js';
import { warmUp } from '../fill.js';
import type { Writer } from '../subjects/subject.js';
import { BLOCK } from './blocks.js';
import type { Alone, Row } from './workload.js';

const longest: Row = {
  name: 'pause',
  title: 'longest pause while inserting, blocks of 100',
  unit: 'ms',
};

const undisturbed: Row = {
  name: 'pause-undisturbed',
  title: 'the same, but for blocks during which the system ran something else',
  unit: 'ms',
};

/**
 * Whatever takes long counts: making the key and collecting garbage too, not the store's calls
 * alone. A pause is the time of one put with its key, or of one commit. On a busy machine some of
 * it is others' time: the second row leaves out the blocks in which the process lost the processor.
 */
export const pause: Alone = {
  name: 'pause',
  kind: 'alone',
  rows: [longest, undisturbed],
  subjects: ['native', 'fallback', 'map', 'lmdb'],
  async run(place) {
    const { subject, layout, size } = place;
    // So that compiling the code is not taken for a pause of the store's.
    await warmUp(place);
    const store = await subject.open();
    const data = new Data(layout, size, store);
    let most = 0;
    let mostUndisturbed = 0;
    let blockMost = 0;
    let last = 0;
    const lap = () => {
      const now = performance.now();
      if (now - last > blockMost) blockMost = now - last;
      last = now;
    };
    let from = 0;
    const write = (writer: Writer<unknown>) => {
      lap();
      for (let i = from; i < from + BLOCK; i++) {
        const n = data.order[i] as number;
        writer.put(data.key(n), data.value(n));
        lap();
      }
    };
    for (; from < size; from += BLOCK) {
      const before = interruptions();
      blockMost = 0;
      last = performance.now();
      await store.update(write);
      lap();
      if (blockMost > most) most = blockMost;
      if (blockMost > mostUndisturbed && interruptions() === before) mostUndisturbed = blockMost;
    }
    await store.close();
    return { [longest.name]: { median: most }, [undisturbed.name]: { median: mostUndisturbed } };
  },
};

/** How often the system took the processor away from this process. */
function interruptions(): number {
  return process.resourceUsage().involuntaryContextSwitches;
}
