import crypto from 'node:crypto';
import { Key, MemDB } from 'accumulate-memdb';
import {
  Header,
  MAX_SESSIONS,
  SESSION_WORDS,
  SESSIONS_WORD,
} from '../../dist/lib/engine/fallback/layout.js';
import { Memory } from '../../dist/lib/engine/fallback/memory.js';
import { HandleWord } from '../../dist/lib/engine/handle.js';
import { open as openStore } from '../fallback/mortal.js';
import { brief } from './programs.mjs';

/** What a database holds: values by key, long ones as `brief` has them. */
export type Model = Map<string, string>;

/** More than a schedule writes. With a limit a database takes less of the address space. */
const AMPLE = 1_000_000;

/** A database as it is before each of many schedules. */
export class Scene {
  readonly model: Model = new Map();
  readonly published: number;
  /** Whether there may be no room for a commit. */
  readonly isTight: boolean;
  private readonly memory: Memory;
  private last: Memory | undefined;

  constructor(fill: (db: MemDB) => void, maxBytes = AMPLE) {
    const db = withoutChance(() => new MemDB({ engine: 'fallback', maxBytes }));
    fill(db);
    db.view((batch) => {
      for (const [key, value] of batch) this.model.set(String(key.at(0)), brief(value));
    });
    const copy = copyOf(db.handle);
    db.close();
    this.memory = Memory.of(copy) as Memory;
    // Nobody is attached to the copies that are made of it.
    this.memory.words.fill(0, SESSIONS_WORD, SESSIONS_WORD + MAX_SESSIONS * SESSION_WORDS);
    this.memory.setWord(Header.Reaped, 0);
    this.published = this.memory.published;
    this.isTight = maxBytes < AMPLE;
  }

  /** Attaches this thread to a copy. The one before is gone. */
  open(): MemDB {
    const copy = this.copy();
    // Another database than the one before.
    copies++;
    copy.setWord(HandleWord.Id, copies);
    const { check } = copy as unknown as { check(which: number): number };
    for (const which of [0, 1]) copy.setWord(Header.Check + which, check.call(copy, which));
    // Nobody can attach to a database that nobody has.
    const first = openStore(copy);
    const db = MemDB.attach(copy.buffer);
    first.leave();
    return db;
  }

  /** A copy, in the memory of the last one if that has not grown. */
  private copy(): Memory {
    const { memory, last } = this;
    if (last === undefined || last.buffer.byteLength !== memory.buffer.byteLength) {
      this.last = Memory.of(copyOf(memory.buffer)) as Memory;
      return this.last;
    }
    last.bytes.set(memory.bytes);
    return last;
  }
}

let copies = 0;

function copyOf(memory: SharedArrayBuffer): SharedArrayBuffer {
  const { byteLength, maxByteLength } = memory;
  const buffer = new SharedArrayBuffer(byteLength, { maxByteLength });
  new Uint8Array(buffer).set(new Uint8Array(memory));
  return buffer;
}

/** The same numbers in place of random ones, so that a schedule can be repeated. */
function withoutChance<T>(work: () => T): T {
  const { randomFillSync } = crypto;
  crypto.randomFillSync = ((array: Int32Array) => array.fill(0x5eed)) as typeof randomFillSync;
  try {
    return work();
  } finally {
    crypto.randomFillSync = randomFillSync;
  }
}

function write(db: MemDB, pairs: Iterable<readonly [string, string]>): void {
  db.update((batch) => {
    for (const [key, value] of pairs) batch.put(Key.of(key), value);
  });
}

const FEW: readonly (readonly [string, string])[] = [
  ...Array.from({ length: 8 }, (_, n) => [`key ${n}`, `value ${n}`] as const),
  ['from', '1000'],
  ['to', '0'],
];
/** As many keys as a segment of the table has room for. */
const SEGMENT = 794;

/** What schedules begin with, by name. */
export const scenes = {
  'a few keys': () => new Scene((db) => write(db, FEW)),
  'a large value': () => new Scene((db) => write(db, [...FEW, ['large', 'z'.repeat(70_000)]])),
  'a full segment': () =>
    new Scene((db) => {
      write(db, FEW);
      write(
        db,
        Array.from({ length: SEGMENT - FEW.length }, (_, n) => [`filler ${n}`, '']),
      );
    }),
  'a segment of keys that are gone': () =>
    new Scene((db) => {
      write(db, FEW);
      const fillers = Array.from({ length: SEGMENT - FEW.length }, (_, n) => `filler ${n}`);
      write(
        db,
        fillers.map((key) => [key, '']),
      );
      db.update((batch) => {
        for (const key of fillers) batch.delete(Key.of(key));
      });
      db.stats();
    }),
  'little room': () => new Scene((db) => write(db, FEW), 220),
  'a key of many versions': () =>
    new Scene((db) => {
      write(db, FEW);
      const batches = [];
      for (let n = 0; n < 31; n++) {
        batches.push(db.begin());
        write(db, [
          ['key 3', `${n}`],
          ['key 5', `${n}`],
        ]);
      }
    }),
};

export type SceneName = keyof typeof scenes;

const made = new Map<SceneName, Scene>();

export function sceneOf(name: SceneName): Scene {
  const scene = made.get(name) ?? scenes[name]();
  made.set(name, scene);
  return scene;
}
