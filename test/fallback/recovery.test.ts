import { describe, expect, it } from 'vitest';
import { Status } from '../../dist/lib/engine/engine.js';
import { Memory } from '../../dist/lib/engine/fallback/memory.js';
import type { Snapshot } from '../../dist/lib/engine/fallback/pins.js';
import type { Store } from '../../dist/lib/engine/fallback/store.js';
import { audit, contents } from './audit.js';
import {
  ALL_WRITES,
  commit,
  copyOf,
  Death,
  declareDead,
  mortal,
  open,
  viewOf,
  type Writes,
} from './mortal.js';

/** What a database has before the thread that dies begins. */
interface Scene {
  readonly memory: Memory;
  readonly model: ReadonlyMap<string, string>;
}

function scene(commits: readonly Writes[], maxBytes = 1_000_000): Scene {
  const memory = Memory.create(maxBytes) as Memory;
  const store = open(memory);
  store.table.create();
  let model: ReadonlyMap<string, string> = new Map();
  for (const writes of commits) {
    expect(commit(store, writes)).toBe(0);
    model = changed(model, writes);
  }
  store.leave();
  return { memory, model };
}

function changed(model: ReadonlyMap<string, string>, writes: Writes): Map<string, string> {
  const changed = new Map(model);
  for (const [key, value] of writes) {
    if (value === undefined) changed.delete(key);
    else changed.set(key, value);
  }
  return changed;
}

function keys(from: number, to: number, value: (i: number) => string | undefined): Writes {
  return new Map(Array.from({ length: to - from }, (_, i) => [`key ${from + i}`, value(from + i)]));
}

/** A thread's store that dies before its write number `lives`. */
function dyingStore(shared: Memory, lives: number, writes = ALL_WRITES): Store {
  const memory = viewOf(shared);
  const store = open(memory);
  mortal(memory, lives, writes);
  return store;
}

/**
 * Lets a thread die in `work` before its first write, then before its second and so on, until it
 * survives. Each time another thread takes over and runs `check`. Returns how often it died.
 */
function dieEverywhere(
  { memory }: Scene,
  work: (store: Store) => unknown,
  check: (heir: Store, pinned: number) => void,
  writes = ALL_WRITES,
): number {
  for (let lives = 0; ; lives++) {
    const shared = copyOf(memory);
    const heir = open(shared);
    const snapshot = heir.pins.take();
    const store = dyingStore(shared, lives, writes);
    let died = false;
    try {
      work(store);
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      died = true;
    }
    declareDead(shared, store.session);
    heir.reap();
    expect(heir.mutex.free).toBe(true);
    check(heir, snapshot?.version as number);
    if (!died) return lives;
  }
}

/** That it can go on: the heir commits, lets go of all and is left with nothing that it does not need. */
function live(heir: Store, model: ReadonlyMap<string, string>): void {
  const writes = keys(3, 40, (i) => (i % 5 === 0 ? undefined : `new ${i}`));
  expect(commit(heir, writes)).toBe(0);
  const version = heir.memory.published;
  expect(contents(heir, version)).toEqual(changed(model, writes));
}

/** Has the heir free what it can, and checks what is left; returns how many superseded entries. */
function settled(heir: Store): number {
  while (heir.reclaim() > 0);
  return audit(heir);
}

describe('a thread that dies at any write of', () => {
  const some = keys(0, 30, (i) => `value ${i}`);
  const mixed = new Map([
    ...keys(40, 44, (i) => 'y'.repeat(300 + i)),
    ...keys(10, 20, (i) => `other ${i}`),
    ...keys(20, 25, () => undefined),
    ...keys(30, 34, (i) => 'x'.repeat(i * 3000)),
  ]);

  it('a commit leaves all of it or nothing', () => {
    // What was once there must not be taken for a block: these bytes read as numbers are a version.
    const old = '\0\0\0\0\0\0\0@'.repeat(20_000);
    const start = scene([
      some,
      new Map([['longkey1', old]]),
      keys(5, 15, (i) => `second ${i}`),
      new Map([['longkey1', undefined]]),
    ]);
    const then = changed(start.model, mixed);
    const seen = new Set<boolean>();
    const deaths = dieEverywhere(
      start,
      (store) => commit(store, mixed),
      (heir, pinned) => {
        settled(heir);
        expect(contents(heir, pinned)).toEqual(start.model);
        const { published } = heir.memory;
        const model = published > pinned ? then : start.model;
        seen.add(published > pinned);
        expect(contents(heir, published)).toEqual(model);
        live(heir, model);
        expect(contents(heir, pinned)).toEqual(start.model);
      },
    );
    expect(seen).toEqual(new Set([false, true]));
    expect(deaths).toBeGreaterThan(200);
  });

  it('a commit for which the table grows leaves all of it or nothing', () => {
    const start = scene([keys(0, 794, (i) => `${i}`)]);
    const writes = keys(794, 800, (i) => `${i}`);
    const deaths = dieEverywhere(
      start,
      (store) => commit(store, writes),
      (heir, pinned) => {
        settled(heir);
        const { published } = heir.memory;
        const model = published > pinned ? changed(start.model, writes) : start.model;
        expect(contents(heir, published)).toEqual(model);
        // The directory and its segments, of which there was one.
        if (published > pinned) expect(heir.table.rebuild((newest) => newest).size).toBe(3);
      },
      // Each store, but not what is written into new segments before.
      ['store', 'swap', 'publish'],
    );
    expect(deaths).toBeGreaterThan(10);
  });

  it('a commit for which there is no room leaves nothing of it', () => {
    const start = scene([some], 4_000);
    dieEverywhere(
      start,
      (store) => expect(commit(store, mixed)).toBe(Status.Full),
      (heir, pinned) => {
        settled(heir);
        expect(heir.memory.published).toBe(pinned);
        expect(contents(heir, pinned)).toEqual(start.model);
      },
    );
  });

  it('freeing superseded entries loses no memory and nothing that is seen', () => {
    const start = scene([some]);
    const second = keys(0, 20, (i) => `second ${i}`);
    const third = keys(10, 30, (i) => (i % 3 === 0 ? undefined : `third ${i}`));
    const deaths = dieEverywhere(
      start,
      (store) => {
        const first = store.pins.take() as Snapshot;
        commit(store, second);
        const between = store.pins.take() as Snapshot;
        commit(store, third);
        store.pins.release(first);
        store.reclaim();
        store.pins.release(between);
        store.reclaim();
      },
      (heir, pinned) => {
        settled(heir);
        expect(contents(heir, pinned)).toEqual(start.model);
        const states = [start.model, changed(start.model, second)];
        states.push(changed(states[1] as Map<string, string>, third));
        const now = heir.memory.published;
        expect(contents(heir, now)).toEqual(states[now - pinned]);
        live(heir, states[now - pinned] as Map<string, string>);
      },
    );
    expect(deaths).toBeGreaterThan(500);
  });

  /** A key with so many versions, all of them pinned by the session that is returned. */
  function manyVersions(count: number): Scene & { holder: number } {
    const memory = Memory.create(1_000_000) as Memory;
    const holder = open(memory);
    holder.table.create();
    for (let n = 0; n < count; n++) {
      commit(holder, new Map([['hot', `${n}`]]));
      holder.pins.take();
    }
    return { memory, model: new Map([['hot', `${count - 1}`]]), holder: holder.session };
  }

  it('making the versions of a key easy to find leaves each of them to be found', () => {
    const start = manyVersions(31);
    const deaths = dieEverywhere(
      start,
      (store) => {
        for (let n = 0; n < 4; n++) commit(store, new Map([['hot', `new ${n}`]]));
      },
      (heir, pinned) => {
        settled(heir);
        for (let version = pinned - 30; version <= pinned; version++) {
          const value = `${version - pinned + 30}`;
          expect(contents(heir, version)).toEqual(new Map([['hot', value]]));
        }
        const last = heir.memory.published - pinned;
        live(heir, last === 0 ? start.model : new Map([['hot', `new ${last - 1}`]]));
      },
    );
    expect(deaths).toBeGreaterThan(150);
  });

  it('freeing many versions of a key loses no memory', () => {
    const start = manyVersions(40);
    declareDead(start.memory, start.holder);
    const deaths = dieEverywhere(
      start,
      (store) => {
        store.reap();
        store.reclaim();
      },
      (heir, pinned) => {
        expect(settled(heir)).toBe(0);
        expect(contents(heir, pinned)).toEqual(start.model);
      },
    );
    expect(deaths).toBeGreaterThan(500);
  });

  it('putting the database in order leaves it to the next', () => {
    const start = scene([some, keys(0, 20, (i) => `second ${i}`)]);
    const memory = copyOf(start.memory);
    const first = dyingStore(memory, 100);
    expect(() => commit(first, mixed)).toThrow(Death);
    declareDead(memory, 0);
    const deaths = dieEverywhere(
      { ...start, memory },
      (store) => store.reap(),
      (heir, pinned) => {
        settled(heir);
        expect(contents(heir, pinned)).toEqual(start.model);
        live(heir, start.model);
      },
    );
    expect(deaths).toBeGreaterThan(200);
  });
});
