// A thread that commits as fast as it can; messages tell it how.
import { parentPort } from 'node:worker_threads';
import type { Batch } from 'accumulate-memdb';
import { BLOCK } from '../harness/fill.js';
import { data, goesOn, PICKS, picks, store } from './assigned.js';
import { writeGeneration } from './generation.js';
import { LongestCall } from './longest.js';
import type { WriterTask, Writes } from './tasks.js';

const value = Buffer.alloc(data.value(0).length);

let blocks = 0;

/** Puts the next block, with values of another generation than before. */
function putBlock(batch: Batch): void {
  const from = (blocks++ * BLOCK) % PICKS;
  for (let i = from; i < from + BLOCK; i++) {
    const n = picks[i] as number;
    writeGeneration(value, data.value(n), blocks);
    batch.put(data.key(n), value);
  }
}

function write(): string {
  store.db.update(putBlock);
  parentPort?.postMessage('writing');
  while (goesOn()) store.db.update(putBlock);
  return 'stopped';
}

function time(milliseconds: number): Writes {
  const commits = new LongestCall();
  const updates = new LongestCall();
  const before = blocks;
  const start = performance.now();
  let now = start;
  while (now < start + milliseconds) {
    const batch = store.db.begin(null, true);
    putBlock(batch);
    commits.time(() => batch.commit());
    updates.time(() => store.db.update(putBlock));
    now = performance.now();
  }
  const rate = ((blocks - before) * 1e3) / (now - start);
  return { rate, commit: commits.longest, update: updates.longest };
}

parentPort?.on('message', (task: WriterTask) => {
  parentPort?.postMessage(task.kind === 'write' ? write() : time(task.time));
});
parentPort?.postMessage('ready');
