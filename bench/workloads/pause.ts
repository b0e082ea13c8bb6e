import { Data } from '../harness/data.js';
import { BLOCK, warmUp } from '../harness/fill.js';
import { faster, figureOf, type Row } from '../harness/targets.js';
import type { Writer } from '../subjects/subject.js';
import type { Alone } from './workload.js';

const longest: Row = {
  name: 'pause',
  title: 'longest pause while inserting, blocks of 100',
  unit: 'ms',
  targets: [
    figureOf('native', 'ms', 'less', { limit: 5, guarded: false }),
    faster('native', 'map-simple', { limit: 1, guarded: false }),
  ],
};

const undisturbed: Row = {
  name: 'pause-undisturbed',
  title: 'the same, without the blocks in which the process was descheduled',
  unit: 'ms',
};

/**
 * A pause is the time of one put with its key, or of one commit. Making the key and collecting
 * garbage count too. On a busy machine some of that is other processes' time, so the second row
 * leaves out the blocks in which the OS descheduled this process.
 */
export const pause: Alone = {
  name: 'pause',
  rows: [longest, undisturbed],
  subjects: ['native', 'fallback', 'map-simple', 'map-careful', 'lmdb'],
  layout: 'accounts',
  sizes: { full: [5_000_000], quick: [300_000] },
  async run(place) {
    const { subject, layout, size } = place;
    // Compiling the code is not a pause of the store.
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

/** How often the OS descheduled this process while it could run. */
function interruptions(): number {
  return process.resourceUsage().involuntaryContextSwitches;
}
