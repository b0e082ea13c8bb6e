import { describe, expect, it } from 'vitest';
import { Header } from '../../dist/lib/engine/fallback/layout.js';
import { Memory } from '../../dist/lib/engine/fallback/memory.js';
import type { Snapshot } from '../../dist/lib/engine/fallback/pins.js';
import type { Store } from '../../dist/lib/engine/fallback/store.js';
import { Random, runSeed } from '../support/random.js';
import { audit, contents } from './audit.js';
import { commit, declareDead, digestOf, open, viewOf } from './mortal.js';

const random = new Random(runSeed('reclaiming.test.ts'));

/** How often a thread reaches shared memory while `work` runs. */
function steps({ memory }: Store, work: () => void): number {
  let count = 0;
  const names = ['word', 'setWord', 'number', 'setNumber', 'load', 'store', 'add', 'swap'] as const;
  for (const name of names) {
    const original = Memory.prototype[name] as (...values: number[]) => unknown;
    Object.defineProperty(memory, name, {
      configurable: true,
      value: (...values: number[]) => {
        count++;
        return original.apply(memory, values);
      },
    });
  }
  try {
    work();
  } finally {
    for (const name of names) Reflect.deleteProperty(memory, name);
  }
  return count;
}

interface Hot {
  readonly writer: Store;
  readonly holder: Store;
  readonly pins: Snapshot[];
}

/** One key of which `holder` pins so many versions. */
function hotKey(count: number): Hot {
  const memory = Memory.create(Number.POSITIVE_INFINITY) as Memory;
  const writer = open(memory);
  writer.table.create();
  const holder = open(viewOf(memory));
  const pins: Snapshot[] = [];
  for (let n = 0; n < count; n++) {
    commit(writer, new Map([['hot', `${n}`]]));
    pins.push(holder.pins.take() as Snapshot);
  }
  return { writer, holder, pins };
}

function end(store: Store, pin: Snapshot): void {
  store.pins.release(pin);
  store.freeIfIdle();
}

function update(store: Store): void {
  commit(store, new Map([['hot', 'new']]));
}

const FEW = 400;
const MANY = 6_400;

const orders: Record<string, (pins: Snapshot[]) => Snapshot[]> = {
  'oldest first': (pins) => pins,
  'newest first': (pins) => pins.reverse(),
  'at random': (pins) => {
    for (let n = pins.length - 1; n > 0; n--) {
      const other = random.below(n + 1);
      [pins[n], pins[other]] = [pins[other] as Snapshot, pins[n] as Snapshot];
    }
    return pins;
  },
};

describe('with many versions of one key pinned', () => {
  for (const [name, order] of Object.entries(orders)) {
    it(`a pin takes no more steps to end, ${name}, than with few`, () => {
      const stepsPerPin = (count: number) => {
        const { holder, pins } = hotKey(count);
        const ends = order(pins);
        const total = steps(holder, () => {
          for (const pin of ends) end(holder, pin);
          while (holder.reclaim() > 0);
        });
        expect(audit(holder)).toBe(0);
        return total / count;
      };
      expect(stepsPerPin(MANY)).toBeLessThan(2 * stepsPerPin(FEW));
    });

    it(`a pin that ends, ${name}, between updates costs these no more than with few`, () => {
      const stepsPerUpdate = (count: number) => {
        const { writer, holder, pins } = hotKey(count);
        const total = steps(writer, () => {
          for (const pin of order(pins)) {
            end(holder, pin);
            update(writer);
          }
        });
        return total / count;
      };
      expect(stepsPerUpdate(MANY)).toBeLessThan(2 * stepsPerUpdate(FEW));
    });
  }

  it('the end of the thread that has them costs others no more for each than with few', () => {
    const stepsPerPin = (count: number) => {
      const { writer, holder } = hotKey(count);
      declareDead(writer.memory, holder.session);
      const total = steps(writer, () => {
        writer.reap();
        while (writer.reclaim() > 0);
      });
      expect(audit(writer)).toBe(0);
      return total / count;
    };
    expect(stepsPerPin(MANY)).toBeLessThan(2 * stepsPerPin(FEW));
  });

  it('an update costs no more than with few', () => {
    const stepsPerUpdate = (count: number) => {
      const { writer } = hotKey(count);
      const updates = 4 * MANY;
      return steps(writer, () => {
        for (let n = 0; n < updates; n++) update(writer);
      });
    };
    expect(stepsPerUpdate(MANY)).toBeLessThan(2 * stepsPerUpdate(FEW));
  });

  it('no call frees all at once when the thread that has them ends', () => {
    const longest = (count: number) => {
      const { writer, holder } = hotKey(count);
      declareDead(writer.memory, holder.session);
      writer.reap();
      let most = 0;
      for (let n = 0; n < count; n++)
        most = Math.max(
          most,
          steps(writer, () => update(writer)),
        );
      return most;
    };
    expect(longest(4 * MANY)).toBeLessThan(2 * longest(MANY));
  });
});

describe('the oldest of many versions of a key', () => {
  const lookUp = (store: Store, version: number) => {
    const digest = digestOf('hot');
    return store.find(store.tagOf(digest, 0), digest, 0, version);
  };

  it('is found in few steps more than the oldest of few', () => {
    const stepsToFind = (count: number) => {
      const { holder, pins } = hotKey(count);
      return steps(holder, () => lookUp(holder, (pins[0] as Snapshot).version));
    };
    expect(stepsToFind(MANY)).toBeLessThan(2 * stepsToFind(FEW));
  });

  it('and every other one is found while versions between them go and new ones come', () => {
    const { writer, holder, pins } = hotKey(1_000);
    const values = new Map(pins.map((pin, n) => [pin, `${n}`]));
    while (values.size > 1) {
      const left = [...values.keys()];
      const gone = left[random.below(left.length)] as Snapshot;
      values.delete(gone);
      end(holder, gone);
      update(writer);
      if (values.size % 50 !== 0) continue;
      while (writer.reclaim() > 0);
      for (const [{ version }, value] of values) {
        expect(contents(holder, version).get('hot')).toBe(value);
      }
      expect(audit(writer)).toBeLessThanOrEqual(values.size + 1);
    }
  });

  it('takes no memory for finding it once there is one version', () => {
    const { writer, holder, pins } = hotKey(200);
    for (const pin of pins) end(holder, pin);
    while (writer.reclaim() > 0);
    expect(audit(writer)).toBe(0);
    update(writer);
    while (writer.reclaim() > 0);
    expect(audit(writer)).toBe(0);
  });
});

it('the end of a batch has nothing to do while only an old reader is there', () => {
  const memory = Memory.create(Number.POSITIVE_INFINITY) as Memory;
  const store = open(memory);
  store.table.create();
  update(store);
  store.pins.take();
  update(store);
  while (store.reclaim() > 0);
  expect(store.memory.number(Header.Superseded)).toBe(1);
  const total = steps(store, () => {
    for (let n = 0; n < 1_000; n++) end(store, store.pins.take() as Snapshot);
  });
  expect(total / 1_000).toBeLessThan(25);
});
