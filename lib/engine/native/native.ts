import { threadId } from 'node:worker_threads';
import type { Engine } from '../engine.js';
import { type Exchange, Word } from '../exchange.js';
import {
  ENGINE_NATIVE,
  HANDLE_MAGIC,
  HANDLE_SIZE,
  HANDLE_VERSION,
  HandleWord,
  signHandle,
} from '../handle.js';
import { type Addon, loadBinary, type Search } from './binary.js';

/**
 * A function of the addon. Integers, and the one number of some calls, pass through the registers of
 * the exchange, and so does the result; byte arrays are arguments.
 */
type Call = (...arrays: Uint8Array[]) => void;

/** What the addon makes for a thread: the engine's methods, as plain functions. */
type Core = {
  readonly [name in Exclude<
    keyof Engine,
    'name' | 'exchange' | 'lockTimeout' | 'handle' | 'useSlab'
  >]: Call;
} & {
  useSlab(slab: Uint8Array): void;
  stats(database: number): number[];
};

interface NativeAddon extends Addon {
  open(exchange: ArrayBuffer, threadId: number): Core;
}

const { Arguments: FIRST, Answer: ANSWER } = Word;
const [SECOND, THIRD, FOURTH] = [FIRST + 1, FIRST + 2, FIRST + 3] as const;

/** Makes the C++ core's engine for this thread, and notes in `search` what was tried. Throws if no binary loads. */
export function createNative(exchange: Exchange, search: Search): Engine {
  const core = loadBinary(search, (addon) =>
    (addon as NativeAddon).open(exchange.buffer, threadId),
  );
  const { words, number } = exchange;
  const id = words.subarray(Word.StoreId, Word.StoreId + 4);
  /** The handles of open databases. The core knows their addresses, so they must stay. */
  const handles = new Map<number, SharedArrayBuffer>();

  const ask = (call: Call, first = 0, second = 0): number => {
    words[FIRST] = first;
    words[SECOND] = second;
    call();
    return words[ANSWER] as number;
  };

  /** What the exchange's number has after a call that leaves a version there. */
  const numberOf = (status: number): number => (status < 0 ? status : (number[0] as number));

  // The calls that are made thousands of times have a constant each. The compiler knows neither what `ask`
  // is given nor what the addon's object holds, which is a dictionary.
  const { begin, get, has, getMany, put, commit, discard } = core;

  return {
    name: 'native',
    exchange,
    lockTimeout: Number.POSITIVE_INFINITY,
    create(maxBytes) {
      const handle = new SharedArrayBuffer(HANDLE_SIZE);
      number[0] = maxBytes;
      core.create(new Uint8Array(handle));
      const database = words[ANSWER] as number;
      if (database < 0) return database;
      writeHandle(handle, id);
      handles.set(database, handle);
      return database;
    },
    attach(handle) {
      id.set(new Int32Array(handle).subarray(HandleWord.Id, HandleWord.Id + 4));
      core.attach(new Uint8Array(handle));
      const database = words[ANSWER] as number;
      if (database >= 0) handles.set(database, handle);
      return database;
    },
    handle: (database) => handles.get(database) as SharedArrayBuffer,
    close(database) {
      ask(core.close, database);
      handles.delete(database);
    },
    closed: (database) => ask(core.closed, database) !== 0,
    stats: core.stats,
    lock(database, slice) {
      number[0] = slice;
      return ask(core.lock, database);
    },
    unlock: (database) => ask(core.unlock, database),
    join: (database) => ask(core.join, database),
    leave: (database) => ask(core.leave, database),
    version: (database) => numberOf(ask(core.version, database)),
    begin(database, flags) {
      words[FIRST] = database;
      words[SECOND] = flags;
      begin();
      return words[ANSWER] as number;
    },
    beginNested: (parent, writable) => ask(core.beginNested, parent, writable ? 1 : 0),
    batchVersion: (batch) => numberOf(ask(core.batchVersion, batch)),
    get(batch, at) {
      words[FIRST] = batch;
      words[SECOND] = at;
      get();
      return words[ANSWER] as number;
    },
    getInto(batch, at, target) {
      words[FIRST] = batch;
      words[SECOND] = at;
      core.getInto(target);
      return words[ANSWER] as number;
    },
    has(batch, at) {
      words[FIRST] = batch;
      words[SECOND] = at;
      has();
      return words[ANSWER] as number;
    },
    getMany(batch, count) {
      words[FIRST] = batch;
      words[SECOND] = count;
      getMany();
      return words[ANSWER] as number;
    },
    put(batch, at, keyLength, valueLength) {
      words[FIRST] = batch;
      words[SECOND] = at;
      words[THIRD] = keyLength;
      words[FOURTH] = valueLength;
      put();
      return words[ANSWER] as number;
    },
    putLarge(batch, at, key, value) {
      words[FIRST] = batch;
      words[SECOND] = at;
      core.putLarge(key, value);
      return words[ANSWER] as number;
    },
    delete: (batch, at) => ask(core.delete, batch, at),
    commit(batch, locked, slice) {
      words[FIRST] = batch;
      words[SECOND] = locked ? 1 : 0;
      number[0] = slice;
      commit();
      return words[ANSWER] as number;
    },
    reads: (batch, from) => ask(core.reads, batch, from),
    discard(batch) {
      words[FIRST] = batch;
      discard();
    },
    endCalls: (database) => ask(core.endCalls, database),
    clear(batch, filter) {
      words[FIRST] = batch;
      core.clear(filter);
      return words[ANSWER] as number;
    },
    cursor(batch, keysOnly, filter) {
      words[FIRST] = batch;
      words[SECOND] = keysOnly ? 1 : 0;
      core.cursor(filter);
      return words[ANSWER] as number;
    },
    next: (cursor) => ask(core.next, cursor),
    endCursor: (cursor) => ask(core.endCursor, cursor),
    reclaim: (database) => ask(core.reclaim, database),
    useSlab: core.useSlab,
  };
}

function writeHandle(handle: SharedArrayBuffer, id: Int32Array): void {
  const words = new Int32Array(handle);
  words[HandleWord.Magic] = HANDLE_MAGIC;
  words[HandleWord.Version] = HANDLE_VERSION;
  words[HandleWord.Engine] = ENGINE_NATIVE;
  words.set(id, HandleWord.Id);
  signHandle(handle, 'native');
}
