import { MemDB, type MemDBOptions } from 'accumulate-memdb';
import { afterEach, describe } from 'vitest';

/** Opens a database of the engine under test. It is closed after the test. */
export type Open = (options?: Omit<MemDBOptions, 'engine'>) => MemDB;

export type EngineName = 'native' | 'fallback';

function nativeFailure(): string | undefined {
  try {
    new MemDB({ engine: 'native' }).close();
    return undefined;
  } catch (error) {
    const { message, cause } = error as Error;
    return [message, (cause as Error | undefined)?.message].join(': ').split('\n')[0];
  }
}

const failure = nativeFailure();

// If the native engine is required, its absence is a failure and not a reason to skip.
if (failure !== undefined && process.env.MEMDB_REQUIRE_NATIVE) throw new Error(failure);

/** Whether this is a run of the long forms (`vitest --mode long`). */
export const LONG = process.env.MODE === 'long';

/** The engines that load here. */
export const ENGINES: readonly EngineName[] = failure ? ['fallback'] : ['native', 'fallback'];

/** Why native tests are skipped. Undefined if they are not. */
export const NATIVE_SKIPPED = failure;

/** Runs the same tests for every engine. */
export function describeEngines(title: string, tests: (open: Open, engine: EngineName) => void) {
  describe.each(ENGINES)(`${title} (%s)`, (engine) => {
    const opened: MemDB[] = [];
    afterEach(() => {
      for (const db of opened.splice(0)) db.close();
    });
    tests((options) => {
      const db = new MemDB({ ...options, engine });
      opened.push(db);
      return db;
    }, engine);
  });
}
