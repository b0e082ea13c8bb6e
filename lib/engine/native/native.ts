import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import load from 'node-gyp-build';
import { type Engine, Status } from '../engine.js';
import { type Exchange, Word } from '../exchange.js';
import { ENGINE_NATIVE, HANDLE_MAGIC, HANDLE_SIZE, HANDLE_VERSION, HandleWord } from '../handle.js';

/** What the addon makes for a thread: most of the engine's methods, as plain functions. */
interface Core
  extends Omit<
    Engine,
    'name' | 'exchange' | 'lockTimeout' | 'attach' | 'handle' | 'close' | 'slabChanged'
  > {
  /** `create` and `attach` leave the store's id in the exchange; `attach` finds it there. */
  attach(): number;
  close(database: number): void;
  useSlab(slab: Uint8Array): void;
}

interface Addon {
  open(exchange: ArrayBuffer, threadId: number): Core;
}

/** The folder of binding.gyp and prebuilds/, as seen from dist/lib/engine/native. */
const PACKAGE = join(__dirname, '..', '..', '..', '..');

/** What this thread knows of a database that it opened. */
interface Opened {
  readonly handle: SharedArrayBuffer;
  readonly creator: boolean;
}

/** The C++ core for this thread. Throws when no binary of it loads here. */
export function createNative(exchange: Exchange): Engine {
  const core = (load(PACKAGE) as Addon).open(exchange.buffer, threadId);
  const id = exchange.words.subarray(Word.StoreId, Word.StoreId + 4);
  const opened = new Map<number, Opened>();

  // One literal, so that the functions are constants to the compiler; the addon's own object is a dictionary.
  return {
    name: 'native',
    exchange,
    lockTimeout: Number.POSITIVE_INFINITY,
    create(maxBytes) {
      const database = core.create(maxBytes);
      if (database >= 0) opened.set(database, { handle: newHandle(id), creator: true });
      return database;
    },
    attach(handle) {
      const words = new Int32Array(handle);
      id.set(words.subarray(HandleWord.Id, HandleWord.Id + 4));
      const database = core.attach();
      if (database >= 0) opened.set(database, { handle, creator: false });
      // The core does not remember what it has closed; the handle does.
      else if (Atomics.load(words, HandleWord.Closed) === 1) return Status.Closed;
      return database;
    },
    handle: (database) => (opened.get(database) as Opened).handle,
    close(database) {
      const { handle, creator } = opened.get(database) as Opened;
      if (creator) Atomics.store(new Int32Array(handle), HandleWord.Closed, 1);
      core.close(database);
      opened.delete(database);
    },
    closed: core.closed,
    stats: core.stats,
    lock: core.lock,
    unlock: core.unlock,
    begin: core.begin,
    beginNested: core.beginNested,
    get: core.get,
    getInto: core.getInto,
    has: core.has,
    getMany: core.getMany,
    put: core.put,
    putLarge: core.putLarge,
    delete: core.delete,
    commit: core.commit,
    discard: core.discard,
    cursor: core.cursor,
    next: core.next,
    endCursor: core.endCursor,
    reclaim: core.reclaim,
    slabChanged: () => core.useSlab(exchange.slab),
  };
}

function newHandle(id: Int32Array): SharedArrayBuffer {
  const handle = new SharedArrayBuffer(HANDLE_SIZE);
  const words = new Int32Array(handle);
  words[HandleWord.Magic] = HANDLE_MAGIC;
  words[HandleWord.Version] = HANDLE_VERSION;
  words[HandleWord.Engine] = ENGINE_NATIVE;
  words.set(id, HandleWord.Id);
  return handle;
}
