import { afterEach, describe, expect, it, vi } from 'vitest';
import { Status } from '../../dist/lib/engine/engine.js';
import { tokenOf } from '../../dist/lib/engine/fallback/identity.js';
import { Header } from '../../dist/lib/engine/fallback/layout.js';
import { Memory } from '../../dist/lib/engine/fallback/memory.js';
import type { Store } from '../../dist/lib/engine/fallback/store.js';
import { ALL_WRITES, Death, declareDead, mortal, open, viewOf } from './mortal.js';

/** As many threads as are asked for, each with its own view of one database. */
function threads(count: number): Store[] {
  const memory = Memory.create(1_000_000) as Memory;
  const stores = Array.from({ length: count }, () => open(viewOf(memory)));
  stores[0]?.table.create();
  return stores;
}

/** Runs `then` once: after the first call of the object's method that returns what `when` accepts. */
function after(
  object: object,
  method: string,
  when: (result: unknown) => boolean,
  then: () => void,
) {
  const original = (object as Record<string, (...args: unknown[]) => unknown>)[method];
  let done = false;
  Object.defineProperty(object, method, {
    value: (...args: unknown[]) => {
      const result = original?.apply(object, args);
      if (!done && when(result)) {
        done = true;
        then();
      }
      return result;
    },
  });
}

/** How many pins a thread sees, in all sessions. */
function pins({ sessions }: Store): number {
  let count = 0;
  for (let session = 0; session < sessions.limit; session++) {
    sessions.visitPins(session, () => count++);
  }
  return count;
}

afterEach(() => vi.restoreAllMocks());

it('a lock that is let go just after it was tried is not waited for', () => {
  const [owner, waiter] = threads(2) as [Store, Store];
  expect(owner.lock(0)).toBe(Status.Ok);
  let tries = 0;
  const failed = (swapped: unknown) => swapped === false && ++tries === 2;
  after(waiter.memory, 'swap', failed, () => owner.mutex.release());
  const wait = vi.spyOn(Atomics, 'wait');
  expect(waiter.lock(1_000)).toBe(Status.Ok);
  expect(wait.mock.results.map(({ value }) => value)).not.toContain('timed-out');
});

describe('a session', () => {
  it('that another thread has just got is not cleared away with the dead one before', () => {
    const [reaper, other, dead] = threads(3) as [Store, Store, Store];
    declareDead(reaper.memory, dead.session);
    let heir: Store | undefined;
    after(reaper.sessions, 'dead', Boolean, () => {
      other.reap();
      heir = open(viewOf(reaper.memory));
      heir.pins.take();
    });
    reaper.reap();
    expect(heir?.session).toBe(dead.session);
    expect(reaper.sessions.thread(dead.session)).toBeGreaterThanOrEqual(0);
    expect(pins(reaper)).toBe(1);
  });

  it('holds nothing once a thread has died at any write of clearing it away', () => {
    for (let lives = 0, died = true; died; lives++) {
      const [heir, gone] = threads(2) as [Store, Store];
      gone.pins.take();
      gone.startRead();
      gone.memory.store(Header.Hungry, tokenOf(gone.session, gone.sessions.identity(gone.session)));
      mortal(gone.memory, lives, ALL_WRITES);
      died = false;
      try {
        gone.leave();
      } catch (error) {
        if (!(error instanceof Death)) throw error;
        died = true;
      }
      if (heir.sessions.thread(gone.session) >= 0) declareDead(heir.memory, gone.session);
      heir.reap();
      expect(pins(heir)).toBe(0);
      expect(heir.sessions.oldestReader(1_001)).toBe(1_001);
      expect(heir.lock(100)).toBe(Status.Ok);
    }
  });
});
