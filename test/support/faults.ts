import { Key } from 'accumulate-memdb';
import type { Batch, Database } from './store.js';

/**
 * Stores with one fault each, one for each kind of mistake that an engine could make. The comparison
 * with the model must catch every one.
 */
export interface Fault {
  readonly name: string;
  wrap(db: Database<Key>): Database<Key>;
}

type Changes<T> = Partial<{ [K in keyof T]: (real: T, ...args: never[]) => unknown }>;

/** Returns `real` with some methods replaced. The first argument of each is the real object. */
function changed<T extends object>(real: T, changes: Changes<T>): T {
  return new Proxy(real, {
    get(target, name) {
      const change = changes[name as keyof T] as
        | ((real: T, ...args: unknown[]) => unknown)
        | undefined;
      if (change) return (...args: unknown[]) => change(target, ...args);
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

type AnyBatch = Batch<Key>;

/** Replaces some methods of every batch: root, nested, and those of update and view. */
function inBatches(changes: (db: Database<Key>) => Changes<AnyBatch>) {
  return (db: Database<Key>): Database<Key> => {
    const wrap = (batch: AnyBatch): AnyBatch => changed(batch, { begin: nested, ...changes(db) });
    const nested = (real: AnyBatch, prefix: Key | null, writable: boolean) =>
      wrap(real.begin(prefix, writable));
    return changed(db, {
      begin: (real, prefix: Key | null, writable: boolean) => wrap(real.begin(prefix, writable)),
      view: (real, fn: (batch: AnyBatch) => unknown) => real.view((batch) => fn(wrap(batch))),
      update: (real, fn: (batch: AnyBatch) => unknown) => real.update((batch) => fn(wrap(batch))),
    });
  };
}

function inDatabase(changes: Changes<Database<Key>>) {
  return (db: Database<Key>): Database<Key> => changed(db, changes);
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'a delete that does nothing',
    wrap: inBatches(() => ({ delete: (real, key: Key) => void real.has(key) })),
  },
  {
    name: 'a discard that commits',
    wrap: inBatches(() => ({
      discard: (real) => {
        try {
          real.commit();
        } catch {
          real.discard();
        }
      },
    })),
  },
  {
    name: 'a commit that is lost',
    wrap: inBatches(() => ({
      commit: (real) => {
        real.has(null);
        real.discard();
      },
    })),
  },
  {
    name: 'a value that is cut short',
    wrap: inBatches(() => ({
      put: (real, key: Key, value: Uint8Array) => real.put(key, value.subarray(0, 30)),
    })),
  },
  {
    name: 'a read that skips the snapshot',
    wrap: inBatches((db) => ({
      tryGet: (real, key: Key) => real.tryGet(key) ?? db.begin().tryGet(key),
    })),
  },
  {
    name: 'keys without their prefix',
    wrap: inDatabase({
      begin: (real, _prefix: Key | null, writable: boolean) => real.begin(null, writable),
    }),
  },
  {
    name: 'prefixes that do not follow their parents’',
    wrap: inBatches((db) => ({
      begin: (real, prefix: Key | null, writable: boolean) =>
        prefix?.length ? db.begin(prefix, writable) : real.begin(prefix, writable),
    })),
  },
  {
    name: 'a nested batch that commits to the database',
    wrap: inBatches((db) => ({
      begin: (real, prefix: Key | null, writable: boolean) =>
        writable ? db.begin(prefix, true) : real.begin(prefix, false),
    })),
  },
  {
    name: 'an iteration that misses a pair',
    wrap: inBatches(() => ({
      forEach: (real, fn: (key: Key, value: Uint8Array) => void) => {
        let count = 0;
        real.forEach((key, value) => {
          if (count++ !== 2) fn(key, value);
        });
      },
    })),
  },
  {
    name: 'an iteration that shows a pair twice',
    wrap: inBatches(() => ({
      entries: (real) => {
        const [first, ...rest] = real.entries();
        return (first ? [first, ...rest, first] : []).values();
      },
    })),
  },
  {
    name: 'keys that lose the types of their parts',
    wrap: inBatches(() => ({
      forEach: (real, fn: (key: Key, value: Uint8Array) => void) =>
        real.forEach((key, value) => {
          fn(Key.of(...key.toString().split('.')), value);
        }),
    })),
  },
  {
    name: 'getMany in another order',
    wrap: inBatches(() => ({
      getMany: (real, keys: Key[]) => real.getMany(keys.toReversed()),
    })),
  },
  {
    name: 'a view that may write',
    wrap: inDatabase({
      view: (real, fn: (batch: AnyBatch) => unknown) => real.update(fn),
    }),
  },
  {
    name: 'an update that commits although its function threw',
    wrap: inDatabase({
      update: (real, fn: (batch: AnyBatch) => unknown) => {
        let thrown: unknown;
        let failed = false;
        const result = real.update((batch) => {
          try {
            return fn(batch);
          } catch (error) {
            failed = true;
            thrown = error;
            return undefined;
          }
        });
        if (failed) throw thrown;
        return result;
      },
    }),
  },
  {
    name: 'a close that closes nothing',
    wrap: inDatabase({ close: () => undefined }),
  },
  {
    name: 'one entry too many in the stats',
    wrap: inDatabase({
      stats: (real) => {
        const { entries, bytes, openBatches } = real.stats();
        return { entries: entries + 1, bytes, openBatches };
      },
    }),
  },
];
