import { type Key, MemDB } from 'accumulate-memdb';
import { ENGINES, type EngineName } from './engines.js';
import { type KeySpec, showKey, toKey } from './keyspec.js';
import { type Runner, runner } from './replay.js';
import type { Database } from './store.js';

/**
 * Makes keys for programs. It returns, in turn, a reused Key, a new one with the same parts, and one
 * that was appended to, because engines treat these differently.
 */
function keyMaker(): (spec: KeySpec) => Key {
  const kept = new Map<KeySpec, Key>();
  let turn = 0;
  return (spec) => {
    turn = (turn + 1) % 4;
    if (turn === 0) return toKey(spec);
    if (turn === 1 && spec.parts.length > 1) {
      const head = toKey({ ...spec, parts: spec.parts.slice(0, 1) });
      return head.appendKey(toKey({ parts: spec.parts.slice(1) }));
    }
    const key = kept.get(spec) ?? toKey(spec);
    kept.set(spec, key);
    return key;
  };
}

/** Returns a runner on MemDB with the given engine. `wrap` may change the database. */
export function engineRunner(
  engine: EngineName,
  wrap: (db: Database<Key>) => Database<Key> = (db) => db,
): Runner {
  return runner({
    name: engine,
    open: (maxBytes) =>
      // Programs try what views refuse, too: by their types alone they could not.
      wrap(
        new MemDB({
          engine,
          ...(maxBytes === undefined ? {} : { maxBytes }),
        }) as unknown as Database<Key>,
      ),
    key: keyMaker(),
    show: showKey,
  });
}

export const RUNNERS: readonly Runner[] = ENGINES.map((engine) => engineRunner(engine));
