import { fillWhole } from '../fill.js';
import type { Alone, Row } from './workload.js';

/** Measured whenever a store is filled (see fill.ts). */
export const insertBlocks: Row = {
  name: 'insert-blocks',
  title: 'put of a new key + commit, blocks of 100, each',
  unit: 'ns',
};

const whole: Row = {
  name: 'insert-whole',
  title: 'put of a new key + commit, all as one, each',
  unit: 'ns',
};

export const insertWhole: Alone = {
  name: whole.name,
  kind: 'alone',
  rows: [whole],
  subjects: ['native', 'fallback', 'map', 'lmdb', 'memory-level'],
  run: async (place) => ({ [whole.name]: await fillWhole(place) }),
};
