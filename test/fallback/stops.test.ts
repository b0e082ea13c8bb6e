import fs from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { Key, MemDB, uint } from 'accumulate-memdb';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Status } from '../../dist/lib/engine/engine.js';
import { moment } from '../../dist/lib/engine/fallback/clock.js';
import { tokenOf } from '../../dist/lib/engine/fallback/identity.js';
import { Header, PageUse, Session } from '../../dist/lib/engine/fallback/layout.js';
import { Memory, sessionWord } from '../../dist/lib/engine/fallback/memory.js';
import type { Store } from '../../dist/lib/engine/fallback/store.js';
import { hasEnded, ownTask } from '../../dist/lib/engine/fallback/task.js';
import { self } from '../../dist/lib/engine/fallback/threads.js';
import { audit } from './audit.js';
import {
  ALL_WRITES,
  commit,
  Death,
  declareDead,
  mortal,
  open,
  pendingOf,
  viewOf,
} from './mortal.js';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function create(): Store {
  const store = open(Memory.create(Number.POSITIVE_INFINITY) as Memory);
  store.table.create();
  return store;
}

/** The sessions that some thread has, by their numbers. */
function sessionsOf({ sessions }: Store): number[] {
  const all = Array.from({ length: sessions.limit }, (_, session) => session);
  return all.filter((session) => sessions.thread(session) >= 0);
}

/** How many pages are there for pins. */
function pinPages({ heap: { pages } }: Store): number {
  let count = 0;
  for (let page = 0; page < pages.count; page++) {
    const use = pages.use(page);
    if (use > PageUse.Session && !pages.isFree(use)) count++;
  }
  return count;
}

/** Runs `work` until the end of the thread, before its write number `lives`. Returns whether it ended. */
function dies(memory: Memory, lives: number, work: () => void): boolean {
  mortal(memory, lives, ALL_WRITES);
  try {
    work();
    return false;
  } catch (error) {
    if (!(error instanceof Death)) throw error;
    return true;
  } finally {
    for (const name of ALL_WRITES) Reflect.deleteProperty(memory, name);
  }
}

/** As many versions as a session has no room for but in pages. */
function pinMany(store: Store): void {
  for (let n = 0; n < 20; n++) {
    commit(store, new Map([['key', `${n}`]]));
    store.pins.take();
  }
}

describe('a thread that stops at any write of attaching', () => {
  it('loses no session and no page if it has died', () => {
    for (let lives = 0, died = true; died; lives++) {
      const heir = create();
      const before = open(viewOf(heir.memory));
      pinMany(before);
      before.leave();
      const dying = viewOf(heir.memory);
      died = dies(dying, lives, () => open(dying));
      for (const session of sessionsOf(heir)) {
        if (session !== heir.session) declareDead(heir.memory, session);
      }
      heir.reap();
      expect(sessionsOf(heir)).toEqual([heir.session]);
      expect(pinPages(heir)).toBe(0);
    }
  });

  it('loses no session if it lives on and attaches again', () => {
    for (let lives = 0, cut = true; cut; lives++) {
      const other = create();
      const view = viewOf(other.memory);
      cut = dies(view, lives, () => open(view));
      if (cut) open(viewOf(other.memory));
      expect(sessionsOf(other)).toHaveLength(2);
    }
  });
});

describe('a thread that stops at any write of pinning', () => {
  it('has at most one page that it does not use, and uses that next, if it lives on', () => {
    for (let lives = 0, cut = true; cut; lives++) {
      const other = create();
      const store = open(viewOf(other.memory));
      cut = dies(store.memory, lives, () => pinMany(store));
      store.settle();
      pinMany(store);
      expect(pinPages(other)).toBe(1);
    }
  });
});

describe('a thread that dies at any write of giving up a session', () => {
  it('leaves no session, no pin, no read and no page', () => {
    for (let lives = 0, died = true; died; lives++) {
      const heir = create();
      const gone = open(viewOf(heir.memory));
      pinMany(gone);
      gone.startRead();
      died = dies(gone.memory, lives, () => gone.leave());
      if (heir.sessions.thread(gone.session) >= 0) declareDead(heir.memory, gone.session);
      heir.reap();
      expect(sessionsOf(heir)).toEqual([heir.session]);
      expect(heir.sessions.oldestReader(1_001)).toBe(1_001);
      expect(pinPages(heir)).toBe(0);
      expect(open(viewOf(heir.memory)).session).toBe(gone.session);
      while (heir.reclaim() > 0);
      expect(audit(heir)).toBe(0);
    }
  });
});

it('a thread that closes and attaches again is not taken for dead, whenever that happens', () => {
  const thread = { ...self };
  let step = 0;
  let intervened = true;
  while (intervened) {
    step++;
    const reaper = create();
    // Another thread than this one, of another family.
    Object.assign(self, { threadId: thread.threadId + 1, family: 0 });
    let other = open(viewOf(reaper.memory));
    Object.assign(self, thread);
    let left = step;
    for (const name of ['load', 'loadLong', 'swapLong'] as const) {
      const original = Memory.prototype[name] as (...values: unknown[]) => unknown;
      Object.defineProperty(reaper.memory, name, {
        value: (...values: unknown[]) => {
          if (--left === 0) {
            other.leave();
            Object.assign(self, { threadId: thread.threadId + 1, family: 0 });
            other = open(viewOf(reaper.memory));
            Object.assign(self, thread);
          }
          return original.apply(reaper.memory, values);
        },
      });
    }
    reaper.reap();
    intervened = left <= 0;
    expect(sessionsOf(other)).toEqual([reaper.session, other.session]);
  }
  expect(step).toBeGreaterThan(5);
});

it('a thread that was given up does not give up the session of the next one', () => {
  const heir = create();
  const slow = open(viewOf(heir.memory));
  declareDead(heir.memory, slow.session);
  heir.reap();
  const next = open(viewOf(heir.memory));
  expect(next.session).toBe(slow.session);
  slow.leave();
  expect(sessionsOf(heir)).toEqual([heir.session, next.session]);
});

describe('the transaction mutex', () => {
  it('is not taken from a thread that has got the session of the dead owner', () => {
    const waiter = create();
    const dead = open(viewOf(waiter.memory));
    const other = open(viewOf(waiter.memory));
    expect(dead.lock(0)).toBe(Status.Ok);
    declareDead(waiter.memory, dead.session);
    let heir: Store | undefined;
    const { gone } = waiter.sessions;
    waiter.sessions.gone = (token) => {
      const found = gone.call(waiter.sessions, token);
      other.reap();
      heir = open(viewOf(waiter.memory));
      expect(heir.session).toBe(dead.session);
      expect(heir.lock(0)).toBe(Status.Ok);
      return found;
    };
    expect(waiter.lock(0)).toBe(Status.Busy);
    expect(heir?.mutex.owned).toBe(true);
  });

  it('is not taken for one of its own by a thread that has got the session of the dead owner', () => {
    const reaper = create();
    const dead = open(viewOf(reaper.memory));
    expect(dead.lock(0)).toBe(Status.Ok);
    declareDead(reaper.memory, dead.session);
    reaper.sessions.reap();
    const heir = open(viewOf(reaper.memory));
    expect(heir.session).toBe(dead.session);
    expect(heir.updating).toBe(false);
    expect(heir.lock(0)).toBe(Status.Ok);
  });

  it('is not kept from others for long by a wait that was cut short', () => {
    const waiter = create();
    const next = open(viewOf(waiter.memory));
    // What a wait leaves that ends in its sleep.
    waiter.memory.store(
      Header.Hungry,
      tokenOf(waiter.session, waiter.sessions.identity(waiter.session)),
    );
    waiter.memory.store(sessionWord(waiter.session) + Session.Waiting, moment());
    expect(next.lock(0)).toBe(Status.Busy);
    expect(next.lock(1_000)).toBe(Status.Ok);
    next.letGo();
    expect(next.lock(0)).toBe(Status.Ok);
  });

  it('is waited for as long as was asked, though a test library has replaced clocks and timers', () => {
    const owner = create();
    const waiter = open(viewOf(owner.memory));
    owner.lock(0);
    vi.useFakeTimers();
    expect(waiter.lock(5)).toBe(Status.Busy);
  });
});

describe('a read that a time limit has cut short', () => {
  it('does not keep anything from being freed once the event loop has turned', async () => {
    const db = new MemDB({ engine: 'fallback' });
    const keys = Array.from({ length: 1_000 }, (_, i) => Key.of('k', uint(i)));
    db.update((batch) => {
      for (const key of keys) batch.put(key, 'v');
    });
    const reading = sessionWord(0) + Session.Reading;
    const words = new Int32Array(db.handle);
    const batch = db.begin();
    while (words[reading] === 0) {
      try {
        runInNewContext('for (;;) batch.getMany(keys)', { batch, keys }, { timeout: 5 });
      } catch {
        // The time is over.
      }
    }
    batch.discard();
    await sleep(1_100);
    expect(words[reading]).toBe(0);
    db.close();
  });
});

it('an update that a time limit has cut short leaves all of it or nothing, and nothing locked', async () => {
  const db = new MemDB({ engine: 'fallback' });
  const keys = Array.from({ length: 200 }, (_, i) => Key.of('k', uint(i)));
  const write = (n: number) => {
    db.update((batch) => {
      for (const key of keys) batch.put(key, `${n}`);
    });
  };
  write(0);
  for (let round = 0; round < 5; round++) {
    try {
      runInNewContext('for (let n = 1; ; n++) write(n)', { write }, { timeout: 10 + round });
    } catch {
      // The time is over.
    }
    await sleep(1_100);
    const values = db.view((batch) => batch.getMany(keys).map(String));
    expect(new Set(values).size).toBe(1);
    write(0);
  }
  expect(db.stats().entries).toBe(200);
  db.close();
});

it('a commit that was cut short at any write is put in order before its thread frees or commits more', () => {
  const then = new Map([
    ['key', 'newer'],
    ['other', 'new'],
  ]);
  for (let lives = 0, cut = true; cut; lives++) {
    for (const next of ['frees', 'commits']) {
      const store = create();
      commit(store, new Map([['key', 'old']]));
      commit(store, new Map([['key', 'new']]));
      cut = dies(store.memory, lives, () => commit(store, then));
      if (next === 'frees') {
        store.superseded.demand();
        store.freeIfIdle();
      } else if (store.mutex.owned) {
        store.commit(pendingOf(store, then));
      }
      store.settle();
      while (store.reclaim() > 0);
      expect(audit(store)).toBe(0);
    }
  }
});

describe('a thread that never comes to its event loop', () => {
  it('frees what a dead reader kept before it says that the database is full', () => {
    const writer = open(Memory.create(0) as Memory);
    writer.memory.setNumber(Header.MaxBytes, Number.POSITIVE_INFINITY);
    writer.table.create();
    const reader = open(viewOf(writer.memory));
    reader.startRead();
    declareDead(writer.memory, reader.session);
    for (let n = 0; n < 2_000; n++) {
      expect(commit(writer, new Map([['key', 'x'.repeat(60_000)]]))).toBe(Status.Ok);
    }
    expect(writer.memory.pages).toBeLessThan(1_024);
  });
});

it('what a dead thread kept is freed by an idle one, though one has just looked for the dead', async () => {
  const idle = create();
  const other = open(viewOf(idle.memory));
  commit(idle, new Map([['key', 'old']]));
  other.pins.take();
  commit(idle, new Map([['key', 'new']]));
  idle.reap();
  declareDead(idle.memory, other.session);
  while (idle.reclaim() > 0);
  expect(idle.memory.number(Header.Superseded)).toBe(1);
  await sleep(150);
  idle.tidy();
  expect(idle.memory.number(Header.Superseded)).toBe(0);
});

it('no thread is taken for dead when the operating system stops saying what threads there are', () => {
  const task = ownTask();
  expect(hasEnded({ id: 4_000_000, start: 1 })).toBe(process.platform === 'linux');
  vi.spyOn(fs, 'readFileSync').mockImplementation(() => {
    throw Object.assign(new Error('there is no such file'), { code: 'ENOENT' });
  });
  expect(hasEnded(task)).toBe(false);
});

it('an update inside an update is refused, though it is by another copy of the package', () => {
  const require = createRequire(import.meta.url);
  const copy = () => {
    for (const path of Object.keys(require.cache)) delete require.cache[path];
    return require('../../dist/lib/index.js') as typeof import('accumulate-memdb');
  };
  const [one, two] = [copy(), copy()];
  const db = new one.MemDB({ engine: 'fallback' });
  const same = two.MemDB.attach(db.handle);
  db.update(() => {
    expect(() => same.update(() => {})).toThrow(two.NestedUpdateError);
  });
  same.update(() => {});
  same.close();
  db.close();
});
