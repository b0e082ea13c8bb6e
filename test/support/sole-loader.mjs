// A process whose main thread never loads the package. Only its workers load the addon, one after the
// other, and they end in different ways. The process must live to its end and say so.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const MINE = 'thrown on purpose';

async function work({ engine, ending }) {
  const { Key, MemDB } = await import('accumulate-memdb');
  const db = new MemDB({ engine });
  for (let i = 0; i < 100; i++) db.update((batch) => batch.put(Key.of(i), 'value'));
  db.begin();
  db.begin(null, true).put(Key.of('open'), 'value');
  db.begin().entries().next();
  parentPort.postMessage('busy');
  if (ending === 'exit') setTimeout(() => process.exit(0), 2);
  if (ending === 'throw') {
    setTimeout(() => {
      throw new Error(MINE);
    }, 2);
  }
  while (ending === 'terminate') db.view((batch) => batch.get(Key.of(7)));
}

async function main([engine, ending, cycles]) {
  for (let i = 0; i < Number(cycles); i++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: { engine, ending } });
    worker.on('error', ({ message }) => {
      if (message !== MINE) throw new Error(message);
    });
    // `once` of node:events would reject if the error came before the message.
    const busy = new Promise((resolve) => worker.on('message', resolve));
    const exited = new Promise((resolve) => worker.on('exit', resolve));
    if (ending === 'terminate') {
      await busy;
      await worker.terminate();
    }
    await exited;
  }
  console.log(`lived through ${cycles}`);
}

if (isMainThread) await main(process.argv.slice(2));
else await work(workerData);
