import { randomFillSync } from 'node:crypto';
import { getEnvironmentData, setEnvironmentData, threadId, type Worker } from 'node:worker_threads';
import { hasEnded, ownTask } from './task.js';

/**
 * The threads of the process that have loaded this, so that each can find out
 * which others are dead: a worker can be terminated between any two of its
 * instructions and then leaves nothing behind that says so.
 *
 * They stand in a table that every worker inherits from the thread that started
 * it. A thread hears of the end of the workers that it started itself, and takes
 * them and their descendants off the table. Workers whose starter had not loaded
 * this make tables of their own: a family. On Linux, what the operating
 * system knows of its threads reports those too, and sooner.
 */
export interface Thread {
  readonly threadId: number;
  /** A number of its table. */
  readonly family: number;
  /** Its place in the table, -1 when that was full. */
  readonly place: number;
  /** The system's id of it, and when it was started; 0 when not known. */
  readonly task: number;
  readonly taskStart: number;
}

/** What a thread hands on to the workers that it starts. */
interface Inheritance {
  readonly table: SharedArrayBuffer;
  /** The nearest thread up the line that has loaded this. */
  readonly parent: number;
}

const ENVIRONMENT_KEY = 'accumulate-memdb/threads/1';

const Word = { Family: 0, FirstPlace: 16 } as const;
const Place = { Thread: 0, Parent: 1, Words: 2 } as const;
/** How many threads of a family the table has room for. */
const PLACES = 2048;
const TABLE_BYTES = (Word.FirstPlace + PLACES * Place.Words) * 4;

const inherited = getEnvironmentData(ENVIRONMENT_KEY) as unknown as Inheritance | undefined;
const table = new Int32Array(inherited?.table ?? newTable());

/** The thread that runs this. */
export const self: Thread = register(inherited?.parent ?? threadId);

const listeners: (() => void)[] = [];

const inheritance: Inheritance = {
  table: table.buffer as SharedArrayBuffer,
  parent: threadId,
};
setEnvironmentData(
  ENVIRONMENT_KEY,
  inheritance as unknown as Parameters<typeof setEnvironmentData>[1],
);
process.on('worker', (worker: Worker) => {
  const id = worker.threadId;
  worker.once('exit', () => {
    strikeOff(id);
    for (const listener of listeners) listener();
  });
});

/** Has `listener` called whenever a worker that this thread started has ended. */
export function onThreadEnd(listener: () => void): void {
  listeners.push(listener);
}

/** Whether the thread is known to be dead. False means that it lives, or that it is not known yet. */
export function isDead(thread: Thread): boolean {
  if (thread.threadId === threadId) return false;
  if (thread.family === self.family && thread.place >= 0) {
    if (threadAt(thread.place) !== thread.threadId) return true;
  }
  return hasEnded({ id: thread.task, start: thread.taskStart });
}

function newTable(): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(TABLE_BYTES);
  new Int32Array(buffer)[Word.Family] = (randomFillSync(new Int32Array(1))[0] as number) | 1;
  return buffer;
}

function register(parent: number): Thread {
  const task = ownTask();
  let place = PLACES - 1;
  // The place from before, if this is loaded twice in the thread; else a free one.
  while (place >= 0 && threadAt(place) !== threadId) place--;
  if (place < 0) place = claimPlace(parent);
  const family = table[Word.Family] as number;
  return { threadId, family, place, task: task.id, taskStart: task.start };
}

function claimPlace(parent: number): number {
  for (let place = 0; place < PLACES; place++) {
    const at = wordOf(place);
    if (Atomics.compareExchange(table, at + Place.Thread, 0, threadId + 1) === 0) {
      Atomics.store(table, at + Place.Parent, parent + 1);
      return place;
    }
  }
  return -1;
}

/** Takes a thread that has ended off the table, and its descendants, which end before it does. */
function strikeOff(ended: number): void {
  for (let place = 0; place < PLACES; place++) {
    const at = wordOf(place);
    if (threadAt(place) === ended) {
      Atomics.store(table, at + Place.Parent, 0);
      Atomics.store(table, at + Place.Thread, 0);
    }
  }
  for (let place = 0; place < PLACES; place++) {
    const thread = threadAt(place);
    if (thread >= 0 && thread !== ended && parentAt(place) === ended) strikeOff(thread);
  }
}

function wordOf(place: number): number {
  return Word.FirstPlace + place * Place.Words;
}

/** The id of the thread at a place, -1 for a free place. */
function threadAt(place: number): number {
  return Atomics.load(table, wordOf(place) + Place.Thread) - 1;
}

function parentAt(place: number): number {
  return Atomics.load(table, wordOf(place) + Place.Parent) - 1;
}
