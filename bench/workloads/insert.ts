import { fillWhole } from '../harness/fill.js';
import { faster, type Row } from '../harness/targets.js';
import { stores } from '../subjects/subject.js';
import type { Alone } from './workload.js';

/** Measured whenever a store is filled: see harness/fill.ts. */
export const insertBlocks: Row = {
  name: 'insert-blocks',
  title: 'put of a new key + commit, blocks of 100, each',
  unit: 'ns',
  targets: [
    faster('native', 'map-simple', { limit: 5, at: 'largest' }),
    faster('native', 'map-careful', { at: 'largest' }),
    faster('native', 'lmdb', { limit: 8, at: 'largest' }),
  ],
};

const whole: Row = {
  name: 'insert-whole',
  title: 'put of a new key + commit, all in one batch, each',
  unit: 'ns',
};

export const insertWhole: Alone = {
  name: whole.name,
  rows: [whole],
  subjects: stores,
  layout: 'accounts',
  sizes: { full: [1_000, 100_000, 1_000_000], quick: [] },
  run: async (place) => ({ [whole.name]: await fillWhole(place) }),
};
