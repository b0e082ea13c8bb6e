import { EngineUnavailableError, engineInfo, MemDB } from 'accumulate-memdb';
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
    vi.stubEnv('MEMDB_ENGINE', 'x'.repeat(5000));
    expect(() => new MemDB()).toThrow(/^the environment variable MEMDB_ENGINE must be .{0,200}$/);
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

  it('is explained by engineInfo', () => {
    const [engine, reason] = NATIVE_SKIPPED
      ? ['fallback', /^no binary of the native engine loads$/]
      : ['native', /accumulate.memdb.*\.node loads$/];
    expect(engineInfo()).toEqual({
      engine,
      reason: expect.stringMatching(reason),
      tried: NATIVE_SKIPPED ? expect.any(Array) : [],
    });
    vi.stubEnv('MEMDB_ENGINE', 'fallback');
    expect(engineInfo()).toMatchObject({
      engine: 'fallback',
      reason: 'the environment variable MEMDB_ENGINE is fallback',
    });
    vi.stubEnv('MEMDB_ENGINE', 'native');
    expect(engineInfo()).toMatchObject({
      engine: 'native',
      reason: expect.stringMatching(/^the environment variable MEMDB_ENGINE is native, and /),
    });
    vi.stubEnv('MEMDB_ENGINE', 'other');
    expect(() => engineInfo()).toThrow(TypeError);
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
