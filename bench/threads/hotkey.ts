// A thread that works on entry 0 alone; messages tell it how.
import { parentPort } from 'node:worker_threads';
import { data, goesOn, store } from './assigned.js';
import { hold } from './hold.js';
import { LongestCall } from './longest.js';
import type { HotKeyTask } from './tasks.js';

const key = data.key(0);
const value = Buffer.from(data.value(0));
const held: unknown[] = [];

function update(): unknown {
  const updates = new LongestCall();
  const once = () => store.db.update((batch) => batch.put(key, value));
  once();
  parentPort?.postMessage('updating');
  while (goesOn()) updates.time(once);
  return updates.longest;
}

parentPort?.on('message', (task: HotKeyTask) => {
  if (task.kind === 'hold') held.push(...hold(store.db, key, value, task.count, task.limit));
  parentPort?.postMessage(task.kind === 'hold' ? held.length : update());
});
parentPort?.postMessage('ready');
