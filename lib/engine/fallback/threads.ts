import { randomFillSync } from 'node:crypto';
import { getEnvironmentData, setEnvironmentData, threadId } from 'node:worker_threads';
import { onWorkerExit } from '../events.js';
import { hasEnded, ownTask } from './task.js';

/**
 * The threads of the process that have loaded this, so that each can find out
 * which others are dead. A worker can be terminated between any two of its
 * instructions, and then leaves nothing behind that says so.
 *
 * They stand in a table that every worker inherits from the thread that started
 * it. A thread hears of the end of the workers that it started itself, and takes
 * them and their descendants off the table. Workers whose starter had not loaded
 * this make tables of their own: a family. On Linux the operating system reports
 * their deaths, too, and sooner.
 */
export interface Thread {
  readonly threadId: number;
  /** A number of its table, or 0 if that was full. */
  readonly family: number;
  /** The operating system's id of it, and when it was started; 0 if not known. */
  readonly task: number;
  readonly taskStart: number;
}

/** What a thread hands on to the workers that it starts. */
interface Inheritance {
  readonly table: SharedArrayBuffer;
  /** The nearest thread up the line that has loaded this. */
  readonly parent: number;
}

const ENVIRONMENT_KEY = 'accumulate-memdb/threads/2';

/** The first two words: a number of the table's own, and one more than the highest place ever used. */
const Word = { Family: 0, Limit: 1 } as const;
/** How many threads of a family the table has room for. */
const PLACES = 2048;
const TABLE_BYTES = (1 + PLACES) * 8;

const inherited = getEnvironmentData(ENVIRONMENT_KEY) as unknown as Inheritance | undefined;
const buffer = inherited?.table ?? newTable();
const words = new Int32Array(buffer, 0, 2);
/** Each has a thread and, in the upper half, its parent; 0: a free place. In one, so that they change at once. */
const places = new BigInt64Array(buffer, 8);

/** The thread that runs this. */
export const self: Thread = register(inherited?.parent ?? threadId);

const listeners: (() => void)[] = [];

const inheritance: Inheritance = {
  table: buffer,
  parent: threadId,
};
setEnvironmentData(
  ENVIRONMENT_KEY,
  inheritance as unknown as Parameters<typeof setEnvironmentData>[1],
);
onWorkerExit((id) => {
  strikeOff(id);
  for (const listener of listeners) listener();
});

/** Has `listener` called whenever a worker that this thread started has ended. */
export function onThreadEnd(listener: () => void): void {
  listeners.push(listener);
}

/** Whether the thread is known to be dead. False means that it lives, or that it is not known yet. */
export function isDead(thread: Thread): boolean {
  if (thread.threadId === threadId) return false;
  if (thread.family !== 0 && thread.family === self.family && placeOf(thread.threadId) < 0)
    return true;
  return hasEnded({ id: thread.task, start: thread.taskStart });
}

function newTable(): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(TABLE_BYTES);
  const [random] = randomFillSync(new Uint32Array(1));
  new Int32Array(buffer)[Word.Family] = ((random as number) >>> 1) | 1;
  return buffer;
}

function register(parent: number): Thread {
  const task = ownTask();
  // It has a place already if this is loaded twice in the thread.
  const isListed = placeOf(threadId) >= 0 || claimPlace(parent);
  const family = isListed ? (words[Word.Family] as number) : 0;
  return { threadId, family, task: task.id, taskStart: task.start };
}

function claimPlace(parent: number): boolean {
  const value = (BigInt(parent + 1) << 32n) | BigInt(threadId + 1);
  for (let place = 0; place < PLACES; place++) {
    // Before it is taken: others look as far as this says.
    for (let known = limit(); place >= known; known = limit()) {
      Atomics.compareExchange(words, Word.Limit, known, place + 1);
    }
    if (Atomics.compareExchange(places, place, 0n, value) === 0n) return true;
  }
  return false;
}

/** Takes a thread that has ended off the table, and its descendants, which end before it does. */
function strikeOff(ended: number): void {
  const gone = [ended];
  for (const thread of gone) {
    for (let place = 0; place < limit(); place++) {
      if (parentAt(place) === thread && threadAt(place) !== thread) gone.push(threadAt(place));
    }
  }
  // The descendants first: if this ends early, they are still found through those above them.
  for (const thread of gone.reverse()) {
    const place = placeOf(thread);
    if (place >= 0) Atomics.store(places, place, 0n);
  }
}

function limit(): number {
  return Atomics.load(words, Word.Limit);
}

/** The place of a thread, or -1. */
function placeOf(thread: number): number {
  let place = limit() - 1;
  while (place >= 0 && threadAt(place) !== thread) place--;
  return place;
}

/** The id of the thread at a place, -1 for a free place. */
function threadAt(place: number): number {
  return Number(BigInt.asUintN(32, Atomics.load(places, place))) - 1;
}

function parentAt(place: number): number {
  return Number(Atomics.load(places, place) >> 32n) - 1;
}
