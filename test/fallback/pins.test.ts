import { expect, it } from 'vitest';
import { PageUse } from '../../dist/lib/engine/fallback/layout.js';
import { Memory } from '../../dist/lib/engine/fallback/memory.js';
import type { Snapshot } from '../../dist/lib/engine/fallback/pins.js';
import type { Store } from '../../dist/lib/engine/fallback/store.js';
import { Random, runSeed } from '../support/random.js';
import { audit, contents } from './audit.js';
import { commit, declareDead, open, viewOf } from './mortal.js';

function create(): Store {
  const store = open(Memory.create(Number.POSITIVE_INFINITY) as Memory);
  store.table.create();
  return store;
}

/** More pins than a session and its first page have places for. */
const MANY = 5_000;

it('of thousands of versions at once all hold, in any order of letting go', () => {
  const random = new Random(runSeed('pins.test.ts'));
  const store = create();
  const pins: [Snapshot, number][] = [];
  for (let n = 0; n < MANY; n++) {
    expect(commit(store, new Map([['key', `${n}`]]))).toBe(0);
    pins.push([store.pins.take() as Snapshot, n]);
  }
  expect(audit(store)).toBe(MANY - 1);
  while (pins.length > 0) {
    const [[pin, n]] = pins.splice(random.below(pins.length), 1) as [[Snapshot, number]];
    if (pins.length % 50 === 0) {
      expect(contents(store, pin.version).get('key')).toBe(`${n}`);
      while (store.reclaim() > 0);
      // The newest value is not superseded, whether it is pinned or not.
      const kept = [...pins, [pin, n] as const].filter(([, m]) => m !== MANY - 1).length;
      expect(audit(store)).toBe(kept);
    }
    store.pins.release(pin);
  }
  while (store.reclaim() > 0);
  expect(audit(store)).toBe(0);
});

it('of a dead thread go, and so do the pages that it had for them', () => {
  const heir = create();
  const pinPages = (): number => {
    const { pages } = heir.heap;
    const uses = Array.from({ length: pages.count }, (_, page) => pages.use(page));
    return uses.filter((use) => use > PageUse.Session && !pages.isFree(use)).length;
  };
  commit(heir, new Map([['key', 'first']]));
  for (let round = 0; round < 2; round++) {
    const other = open(viewOf(heir.memory));
    for (let n = 0; n < MANY; n++) {
      commit(other, new Map([['key', `${n}`]]));
      other.pins.take();
    }
    expect(pinPages()).toBeGreaterThan(1);
    declareDead(heir.memory, other.session);
    heir.reap();
    while (heir.reclaim() > 0);
    expect(audit(heir)).toBe(0);
    expect(pinPages()).toBe(0);
  }
});
