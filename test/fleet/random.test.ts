import { Key, uint } from 'accumulate-memdb';
import { positionOf, type Replica, type UpdateBatch } from 'accumulate-memdb/fleet';
import { expect, test } from 'vitest';
import { LONG } from '../support/engines.js';
import { Random, runSeed } from '../support/random.js';
import { contents, describeFleet, planted } from './fleet.js';

const LAST = Key.of('last');
const keys = Array.from({ length: 5 }, (_, i) => Key.of('k', uint(i)));
const UPDATES = LONG ? 400 : 20;

type Step =
  | { do: 'get'; key: number }
  | { do: 'delete'; key: number }
  | { do: 'put'; key: number; value: number }
  | { do: 'scan' };

function randomSteps(random: Random): Step[] {
  return Array.from({ length: random.between(1, 6) }, (): Step => {
    const key = random.below(keys.length);
    if (random.chance(0.45)) return { do: 'get', key };
    if (random.chance(0.25)) return { do: 'delete', key };
    if (random.chance(0.1)) return { do: 'scan' };
    return { do: 'put', key, value: random.below(1000) };
  });
}

/** What a program runs on: a batch, or the model. */
interface Target {
  get(key: Key): string | undefined;
  put(key: Key, value: string): void;
  delete(key: Key): void;
  all(): string[];
}

/** Runs a program and returns all that it read. What it puts depends on that. */
function run(steps: readonly Step[], id: string, target: Target): string[] {
  const read: string[] = [];
  for (const step of steps) {
    if (step.do === 'scan') read.push(target.all().join());
    else if (step.do === 'get') read.push(target.get(keys[step.key] as Key) ?? '-');
    else if (step.do === 'put')
      target.put(keys[step.key] as Key, `${step.value}:${read.join().length}`);
    else target.delete(keys[step.key] as Key);
  }
  target.put(LAST, id);
  return read;
}

const pair = (key: Key | string, value: unknown) => `${key}=${value}`;
/** A scan does not look at who was last, so that only what programs read makes conflicts. */
const counted = (key: Key | string) => String(key) !== 'last';

function ofBatch(batch: UpdateBatch): Target {
  return {
    get: (key) => batch.tryGet(key)?.toString(),
    put: (key, value) => batch.put(key, value),
    delete: (key) => batch.delete(key),
    all: () =>
      [...batch]
        .filter(([key]) => counted(key))
        .map(([key, value]) => pair(key, value))
        .sort(),
  };
}

function ofModel(model: Map<string, string>): Target {
  return {
    get: (key) => model.get(String(key)),
    put: (key, value) => void model.set(String(key), value),
    delete: (key) => void model.delete(String(key)),
    all: () =>
      [...model]
        .filter(([key]) => counted(key))
        .map((entry) => pair(...entry))
        .sort(),
  };
}

describeFleet('random programs of updates from three replicas', {}, (fleet) => {
  /** The records of the cluster at a revision, read by other means than the package's. */
  async function clusterAt(revision: number): Promise<Record<string, string>> {
    const { namespace } = fleet;
    const range = { key: btoa(`${namespace}r/`), range_end: btoa(`${namespace}r0`), revision };
    const { kvs = [] } = await fleet.cluster.call('kv/range', range);
    return Object.fromEntries(
      kvs.map(({ value }: { value: string }) => {
        const bytes = Buffer.from(value, 'base64');
        const length = bytes[0] as number;
        const key = Key.decode(bytes.subarray(1, 1 + length));
        return [String(key), bytes.subarray(1 + length).toString()];
      }),
    );
  }

  test('are serialisable, and each replica equals the cluster at every revision', async () => {
    const random = new Random(runSeed('fleet, random programs'));
    const replicas: Replica[] = [];
    const seen = new Map<number, Record<string, string>>();
    const observe = () => {
      for (const replica of replicas) {
        const revision = replica.view((batch) => positionOf(batch)?.revision) as number;
        const now = contents(replica);
        expect(seen.get(revision) ?? now).toEqual(now);
        seen.set(revision, now);
      }
    };
    type Followed = (revisions: readonly unknown[]) => unknown;
    const oneByOne = (original: (...args: unknown[]) => unknown) =>
      function (this: unknown, from: number, followed: Followed, signal: AbortSignal) {
        const observed = async (revisions: readonly unknown[]) => {
          for (const revision of revisions) {
            await followed([revision]);
            observe();
          }
        };
        return original.call(this, from, observed, signal);
      };

    const programs = new Map<string, { steps: Step[]; read: string[] }>();
    await planted('follow', oneByOne, async () => {
      for (let i = 0; i < 3; i++) replicas.push(await fleet.open());
      await Promise.all(
        replicas.map(async (replica, r) => {
          for (let i = 0; i < UPDATES; i++) {
            const id = `${r}.${i}`;
            const steps = randomSteps(random);
            const read = await replica.update((batch) => run(steps, id, ofBatch(batch)));
            programs.set(id, { steps, read });
          }
        }),
      );
      await Promise.all(replicas.map((replica) => replica.sync()));
    });

    // In the order of the cluster's revisions, each program must read on the model what it read there.
    const model = new Map<string, string>();
    let ran = 0;
    for (const [revision, state] of [...seen].sort(([a], [b]) => a - b)) {
      expect(await clusterAt(revision)).toEqual(state);
      if (state.last === undefined || state.last === model.get('last')) continue;
      const { steps, read } = programs.get(state.last) as { steps: Step[]; read: string[] };
      expect(run(steps, state.last, ofModel(model))).toEqual(read);
      expect(Object.fromEntries(model)).toEqual(state);
      ran++;
    }
    expect(ran).toBe(programs.size);
    expect(programs.size).toBe(3 * UPDATES);
  });
});
