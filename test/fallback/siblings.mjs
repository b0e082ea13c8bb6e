// A process whose main thread never loads the library. One thread creates a database. Another
// attaches to it by a handle that the main thread passes on, and is terminated while it holds the
// lock. The process prints what the first thread finds afterwards.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

async function main() {
  const start = () => new Worker(new URL(import.meta.url));
  const creator = start();
  creator.postMessage('create');
  const [handle] = await once(creator, 'message');
  const other = start();
  other.postMessage(handle);
  await once(other, 'message');
  await other.terminate();
  creator.postMessage('look');
  const [found] = await once(creator, 'message');
  process.stdout.write(JSON.stringify(found));
  await creator.terminate();
}

async function thread() {
  const { Key, LockTimeoutError, MemDB } = await import('accumulate-memdb');
  let db;
  parentPort.on('message', (message) => {
    if (message === 'create') {
      db = new MemDB({ engine: 'fallback' });
      parentPort.postMessage(db.handle);
    } else if (message === 'look') {
      parentPort.postMessage(look(db, LockTimeoutError));
    } else {
      db = MemDB.attach(message);
      db.update((batch) => batch.put(Key.of('k'), 'committed'));
      db.update((batch) => {
        batch.put(Key.of('k'), 'not committed');
        parentPort.postMessage('holds');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      });
    }
  });

  function look(db, LockTimeoutError) {
    try {
      const value = db.update((batch) => batch.get(Key.of('k')).toString(), { timeoutMs: 2_000 });
      return { value, threads: db.stats().threads.length };
    } catch (error) {
      return { locked: error instanceof LockTimeoutError };
    }
  }
}

if (isMainThread) await main();
else await thread();
