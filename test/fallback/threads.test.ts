import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { threadId, Worker } from 'node:worker_threads';
import { Key, LockTimeoutError, MemDB } from 'accumulate-memdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_SESSIONS, Session } from '../../dist/lib/engine/fallback/layout.js';
import { Memory, sessionWord } from '../../dist/lib/engine/fallback/memory.js';
import { Store } from '../../dist/lib/engine/fallback/store.js';
import { declareDead, open } from './mortal.js';

/** What the table takes by which threads know each other. */
const TABLE_BYTES = (1 + 2048) * 8;

const LINUX = process.platform === 'linux';

let db: MemDB;
beforeEach(() => {
  db = new MemDB({ engine: 'fallback' });
});
afterEach(() => db.close());

interface Held {
  readonly lock?: boolean;
  readonly depth?: number;
}

/** A thread that holds a pin of the database, and the lock if it is to. */
async function holder({ lock = false, depth = 0 }: Held): Promise<Worker> {
  const workerData = { handle: db.handle, lock, depth };
  const worker = new Worker(new URL('./holder.mjs', import.meta.url), { workerData });
  await once(worker, 'message');
  return worker;
}

/** Hides what the operating system knows of the threads, as if it did not say. */
function forgetTasks(): void {
  const words = new Int32Array(db.handle, 0, sessionWord(MAX_SESSIONS));
  for (let session = 0; session < MAX_SESSIONS; session++) {
    words[sessionWord(session) + Session.Task] = 0;
  }
}

const others = () => db.stats().threads.filter((thread) => thread.threadId !== threadId);
const update = (timeoutMs: number) => db.update(() => 'done', { timeoutMs });

describe('a thread that was terminated', () => {
  it('is known to be dead once the thread that started it has heard of it', async () => {
    const worker = await holder({ lock: true });
    const { threadId } = worker;
    forgetTasks();
    const ended = worker.terminate();
    const timeout = expect.objectContaining({ holder: threadId });
    expect(() => update(200)).toThrow(LockTimeoutError);
    expect(() => update(200)).toThrow(timeout);
    expect(others()).toHaveLength(1);
    await ended;
    expect(others()).toHaveLength(0);
    expect(update(0)).toBe('done');
    expect(db.stats()).toMatchObject({ openBatches: 0, openSnapshots: 0 });
  });

  it('takes those along that it has started', async () => {
    const worker = await holder({ lock: true, depth: 2 });
    expect(others()).toHaveLength(3);
    forgetTasks();
    await worker.terminate();
    expect(others()).toHaveLength(0);
    expect(update(0)).toBe('done');
  });

  it('takes those along that it was taking off the table of threads, at any step of that', async () => {
    for (let stores = 0, stopped = true; stopped; stores++) {
      const worker = new Worker(new URL('./striker.mjs', import.meta.url), {
        workerData: { handle: db.handle, stores, tableBytes: TABLE_BYTES },
      });
      const [message] = await once(worker, 'message');
      stopped = message === 'strikes';
      forgetTasks();
      await worker.terminate();
      expect(others()).toHaveLength(0);
      expect(update(0)).toBe('done');
    }
  });

  it('leaves those be that it has not started', async () => {
    const stays = await holder({});
    const worker = await holder({ depth: 1 });
    forgetTasks();
    await worker.terminate();
    expect(others()).toMatchObject([{ threadId: stays.threadId, openSnapshots: 1 }]);
    await stays.terminate();
  });

  it.runIf(LINUX)('is known to be dead at once if the operating system says so', async () => {
    const worker = await holder({ lock: true });
    const ended = worker.terminate();
    // No event can have reported the end to this thread.
    expect(update(5_000)).toBe('done');
    await ended;
  });

  it.runIf(LINUX)('is known to be dead where no thread above it has loaded this', () => {
    const script = fileURLToPath(new URL('./siblings.mjs', import.meta.url));
    const output = execFileSync(process.execPath, [script], { encoding: 'utf8' });
    expect(JSON.parse(output)).toEqual({ value: 'committed', threads: 1 });
  });
});

describe('sessions', () => {
  it('are used again, so that more threads can come than there are sessions', () => {
    const memory = Memory.of(db.handle) as Memory;
    for (let n = 0; n < 5 * MAX_SESSIONS; n++) {
      const store = open(memory);
      expect(store.pins.take()).toBeDefined();
      declareDead(memory, store.session);
      if (store.sessions.limit < MAX_SESSIONS) continue;
      // All are taken by now, but by the dead.
      expect(others().length).toBe(0);
    }
  });

  it('are bounded: one thread too many is refused, and can attach when another has left', () => {
    const memory = Memory.of(db.handle) as Memory;
    const stores = Array.from({ length: MAX_SESSIONS - 1 }, () => open(memory));
    expect(Store.open(memory)).toBeUndefined();
    stores[100]?.leave();
    const store = Store.open(memory);
    expect(store).toBeDefined();
    expect(Store.open(memory)).toBeUndefined();
  });
});

describe('a value read while another thread holds the lock', () => {
  it('is there at once', async () => {
    db.update((batch) => batch.put(Key.of('k'), 'v'));
    const worker = await holder({ lock: true });
    expect(db.view((batch) => batch.get(Key.of('k')).toString())).toBe('v');
    await worker.terminate();
  });
});
