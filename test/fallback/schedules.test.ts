import { describe, expect, it } from 'vitest';
import { Entry } from '../../dist/lib/engine/fallback/layout.js';
import { Memory } from '../../dist/lib/engine/fallback/memory.js';
import type { Snapshot } from '../../dist/lib/engine/fallback/pins.js';
import type { Store } from '../../dist/lib/engine/fallback/store.js';
import { audit, contents } from './audit.js';
import { commit, copyOf, declareDead, digestOf, open, viewOf, type Writes } from './mortal.js';
import { preempt, stop } from './scheduler.js';

/** The contents of the database before each schedule. */
const start: Writes = new Map([
  ...Array.from({ length: 12 }, (_, i) => [`key ${i}`, `value ${i}`] as const),
  ['large', 'x'.repeat(70_000)],
]);

const scene = (() => {
  const store = open(Memory.create(1_000_000) as Memory);
  store.table.create();
  commit(store, start);
  store.leave();
  return store.memory;
})();

/** What a thread does. Returns its store, which is another one if it has attached again. */
interface Program {
  readonly run: (store: Store) => Store;
  /** What a commit of it changes: all of it or nothing. */
  readonly writes: Writes;
}

const NOTHING: Writes = new Map();

/** A program that commits, to keys of its own. */
function writer(writes: Writes): Program {
  return {
    writes,
    run: (store) => {
      commit(store, writes);
      return store;
    },
  };
}

function programs(own: number): Record<string, Program> {
  return {
    'a commit': writer(
      new Map([
        [`key ${own}`, 'changed'],
        [`key ${own + 1}`, undefined],
        [`new ${own}`, 'new'],
      ]),
    ),
    'a commit of a large value': writer(new Map([[`large ${own}`, 'y'.repeat(70_000)]])),
    'a commit for which memory grows': writer(new Map([[`larger ${own}`, 'z'.repeat(500_000)]])),
    'batches and what they kept': {
      writes: NOTHING,
      run: (store) => {
        const pins = Array.from({ length: 14 }, () => store.pins.take() as Snapshot);
        for (const pin of pins) store.pins.release(pin);
        store.reclaim();
        return store;
      },
    },
    'closing and attaching again': {
      writes: NOTHING,
      run: (store) => {
        store.leave();
        return open(viewOf(store.memory));
      },
    },
    'looking a key up': {
      writes: NOTHING,
      run: (store) => {
        const pin = store.pins.take() as Snapshot;
        const digest = digestOf(`key ${own + 2}`);
        store.startRead();
        const entry = store.find(store.tagOf(digest, 0), digest, 0, pin.version);
        expect(store.memory.word(entry + Entry.ValueLength)).toBe('value 1'.length);
        store.endRead();
        store.pins.release(pin);
        return store;
      },
    },
  };
}

function changed(model: Writes, writes: Writes): Writes {
  const all = new Map([...model, ...writes]);
  for (const [key, value] of all) if (value === undefined) all.delete(key);
  return all;
}

/** A database that a witness and two other threads are attached to. */
function setUp() {
  const witness = open(copyOf(scene));
  const { version } = witness.pins.take() as Snapshot;
  const [one, two] = [open(viewOf(witness.memory)), open(viewOf(witness.memory))];
  return { witness, version, one, two };
}

/** That all is in order: what is seen is one of `models`, the lock is free, and no memory is lost. */
function check(witness: Store, version: number, models: Writes[]): void {
  expect(contents(witness, version)).toEqual(start);
  const seen = contents(witness, witness.memory.published);
  expect(models).toContainEqual(seen);
  const more: Writes = new Map([['key 11', 'last']]);
  expect(commit(witness, more)).toBe(0);
  expect(contents(witness, witness.memory.published)).toEqual(changed(seen, more));
  while (witness.reclaim() > 0);
  audit(witness);
}

const firsts = programs(0);
const seconds = programs(5);

describe.each(Object.entries(firsts))('%s', (_, first) => {
  const afterFirst = changed(start, first.writes);

  it.each(Object.entries(seconds))(
    'goes on as if nothing were when %s comes between two of its steps',
    (_, second) => {
      for (let step = 1, reached = true; reached; step++) {
        const { witness, version, one, two } = setUp();
        let committed = false;
        reached = preempt(
          one.memory,
          step,
          () => first.run(one),
          () => {
            const { published } = witness.memory;
            second.run(two);
            committed = witness.memory.published > published;
          },
        );
        check(witness, version, [changed(afterFirst, committed ? second.writes : NOTHING)]);
      }
    },
  );

  it('leaves all of it or nothing to others when its thread dies at any of its steps', () => {
    for (let step = 1, stopped = true; stopped; step++) {
      const { witness, version, one, two } = setUp();
      stopped = stop(one.memory, step, () => first.run(one));
      for (let session = 0; session < witness.sessions.limit; session++) {
        const isOther = session !== witness.session && session !== two.session;
        if (isOther && witness.sessions.thread(session) >= 0) declareDead(witness.memory, session);
      }
      two.reap();
      check(two, version, [start, afterFirst]);
    }
  });

  it('leaves all of it or nothing when it is cut short at any of its steps, and its thread goes on', () => {
    for (let step = 1, stopped = true; stopped; step++) {
      const { witness, version, one } = setUp();
      let store = one;
      stopped = stop(one.memory, step, () => {
        store = first.run(one);
      });
      // The next task of its event loop.
      store.settle();
      if (!store.memory.closed) check(witness, version, [start, afterFirst]);
    }
  });
});
