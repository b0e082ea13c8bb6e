// A thread that attaches and forgets, until what it has forgotten was collected.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { MemDB } from 'accumulate-memdb';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

function attachAndForget() {
  for (let n = 0; n < 100; n++) MemDB.attach(workerData).begin();
}

attachAndForget();
for (let n = 0; n < 10; n++) {
  collect();
  await new Promise((resolve) => setTimeout(resolve, 10));
}
parentPort.postMessage('collected');
