import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { EngineUnavailableError, MemDB } from 'accumulate-memdb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeEngines, NATIVE_SKIPPED } from './support/engines.js';

// Only this says why a run has no native tests.
const title = NATIVE_SKIPPED ? `skipped everywhere: ${NATIVE_SKIPPED}` : 'is tested';
it.skipIf(NATIVE_SKIPPED)(`the native engine ${title}`, () => {
  using(new MemDB({ engine: 'native' }), (db) => expect(db.engine).toBe('native'));
});

function using(db: MemDB, use: (db: MemDB) => void) {
  try {
    use(db);
  } finally {
    db.close();
  }
}

describe('choosing an engine', () => {
  beforeEach(() => {
    vi.stubEnv('MEMDB_ENGINE', undefined);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('takes the native engine by default if it loads, else the fallback', () => {
    const expected = NATIVE_SKIPPED ? 'fallback' : 'native';
    using(new MemDB(), (db) => expect(db.engine).toBe(expected));
    using(new MemDB({ engine: 'auto' }), (db) => expect(db.engine).toBe(expected));
  });

  it('obeys the option', () => {
    using(new MemDB({ engine: 'fallback' }), (db) => expect(db.engine).toBe('fallback'));
  });

  it('obeys MEMDB_ENGINE if the option is auto', () => {
    vi.stubEnv('MEMDB_ENGINE', 'fallback');
    using(new MemDB(), (db) => expect(db.engine).toBe('fallback'));
    using(new MemDB({ engine: 'auto' }), (db) => expect(db.engine).toBe('fallback'));
  });

  it.skipIf(NATIVE_SKIPPED)('prefers the option to MEMDB_ENGINE', () => {
    vi.stubEnv('MEMDB_ENGINE', 'fallback');
    using(new MemDB({ engine: 'native' }), (db) => expect(db.engine).toBe('native'));
  });

  it.runIf(NATIVE_SKIPPED)('says why the native engine cannot be had', () => {
    expect(() => new MemDB({ engine: 'native' })).toThrow(EngineUnavailableError);
    try {
      new MemDB({ engine: 'native' });
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_ENGINE_UNAVAILABLE', cause: expect.any(Error) });
    }
  });

  it('refuses an engine that does not exist', () => {
    expect(() => new MemDB({ engine: 'other' as 'native' })).toThrow(TypeError);
    vi.stubEnv('MEMDB_ENGINE', 'other');
    expect(() => new MemDB()).toThrow(TypeError);
  });
});

describeEngines('two databases', (open) => {
  it('share nothing', () => {
    const [one, other] = [open(), open()];
    one.update((batch) => batch.put(null, 'one'));
    expect(other.view((batch) => batch.has(null))).toBe(false);
    expect(other.stats().entries).toBe(0);
  });
});

describe('a binary with another layout', () => {
  /** Runs code in a process in which node-gyp-build finds a binary with another layout number. */
  function run(code: string): string {
    const stub = `
      const file = require.resolve('node-gyp-build');
      require.cache[file] = { id: file, filename: file, loaded: true, exports: () => ({ layout: 1 }) };
      const { MemDB } = require('accumulate-memdb');
    `;
    return execFileSync(process.execPath, ['-e', stub + code], {
      cwd: join(import.meta.dirname, '..'),
      env: { ...process.env, MEMDB_ENGINE: '' },
      encoding: 'utf8',
    });
  }

  it('is refused, with that reason', () => {
    const code = `try { new MemDB({ engine: 'native' }) } catch (e) { console.log(e.code, e.cause.message) }`;
    expect(run(code)).toMatch(/^ERR_ENGINE_UNAVAILABLE the binary has layout 1, .* has layout \d+/);
  });

  it('leaves the choice to the fallback', () => {
    expect(run('console.log(new MemDB().engine)')).toBe('fallback\n');
  });
});
