import * as memdb from 'accumulate-memdb';
import {
  AccountUrl,
  BatchClosedError,
  DatabaseClosedError,
  DatabaseFullError,
  EncodingError,
  type ErrorCode,
  hash,
  InvalidHandleError,
  InvalidKeyError,
  Key,
  MemDB,
  MemDBError,
  NestedUpdateError,
  NotFoundError,
  ReadOnlyBatchError,
} from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';
import { describeEngines, type Open } from './support/engines.js';

const k = Key.of('k');

type ErrorClass = new (...args: never[]) => MemDBError;

/** For each error that a database throws: class, code, message and what causes it. */
const CASES: readonly (readonly [ErrorClass, ErrorCode, RegExp, (open: Open) => unknown])[] = [
  [
    BatchClosedError,
    'ERR_BATCH_CLOSED',
    /the batch was committed/,
    (open) => {
      const batch = open().begin();
      batch.commit();
      batch.get(k);
    },
  ],
  [
    DatabaseClosedError,
    'ERR_DATABASE_CLOSED',
    /database is closed/,
    (open) => {
      const db = open();
      db.close();
      db.begin().get(k);
    },
  ],
  [ReadOnlyBatchError, 'ERR_READ_ONLY_BATCH', /read-only/, (open) => open().begin().put(k, '')],
  [ReadOnlyBatchError, 'ERR_READ_ONLY_BATCH', /read-only/, (open) => open().begin().delete(k)],
  [
    ReadOnlyBatchError,
    'ERR_READ_ONLY_BATCH',
    /read-only/,
    (open) => open().begin().begin(null, true),
  ],
  [NotFoundError, 'ERR_NOT_FOUND', /^p\.k not found$/, (open) => open().begin(Key.of('p')).get(k)],
  [
    NotFoundError,
    'ERR_NOT_FOUND',
    /^\(\) not found; the empty key/,
    (open) => open().begin().get(null),
  ],
  [InvalidKeyError, 'ERR_INVALID_KEY', /1\.5/, () => Key.of('k', 1.5)],
  [InvalidKeyError, 'ERR_INVALID_KEY', /NaN/, () => Key.of(Number.NaN)],
  [InvalidKeyError, 'ERR_INVALID_KEY', /./, () => Key.of(2n ** 63n)],
  [InvalidKeyError, 'ERR_INVALID_KEY', /32/, () => hash(Buffer.alloc(31))],
  [
    InvalidKeyError,
    'ERR_INVALID_KEY',
    /./,
    (open) =>
      open()
        .begin()
        .get(Key.of(new Date(0))),
  ],
  [EncodingError, 'ERR_ENCODING', /./, () => Key.decode(Buffer.from([5]))],
  [EncodingError, 'ERR_ENCODING', /./, () => Key.parse('[{"int":')],
  [EncodingError, 'ERR_ENCODING', /./, () => AccountUrl.parse('acc://')],
  [InvalidHandleError, 'ERR_INVALID_HANDLE', /./, () => MemDB.attach(new SharedArrayBuffer(64))],
  [
    DatabaseFullError,
    'ERR_DATABASE_FULL',
    /./,
    (open) => open({ maxBytes: 1 }).update((batch) => batch.put(k, 'value')),
  ],
  [
    NestedUpdateError,
    'ERR_NESTED_UPDATE',
    /./,
    (open) => {
      const db = open();
      db.update(() => db.update(() => {}));
    },
  ],
];

it('every exported error class names its errors', () => {
  const classes = Object.entries(memdb as Record<string, unknown>).filter(
    (entry): entry is [string, ErrorClass] =>
      typeof entry[1] === 'function' && entry[1].prototype instanceof Error,
  );
  expect(classes.length).toBeGreaterThanOrEqual(12);
  for (const [name, type] of classes) {
    expect(Object.hasOwn(type.prototype, 'name'), name).toBe(true);
    expect(type.prototype.name).toBe(name);
  }
});

describeEngines('errors', (open) => {
  it.each(CASES.map(([type, ...rest]) => [type.name, type, ...rest] as const))(
    '%s',
    (name, type, code, message, fail) => {
      let thrown: unknown;
      try {
        fail(open);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(type);
      expect(thrown).toBeInstanceOf(MemDBError);
      expect(thrown).toBeInstanceOf(Error);
      expect(thrown).toMatchObject({ name, code, message: expect.stringMatching(message) });
      expect((thrown as Error).stack).toContain(`${name}: `);
    },
  );

  describe('are thrown before anything changes', () => {
    it('by a put of a bad value or key', () => {
      const batch = open().begin(null, true);
      batch.put(k, 'value');
      expect(() => batch.put(k, 5 as unknown as string)).toThrow(TypeError);
      expect(() => batch.put(Key.of(new Date(0)), 'value')).toThrow(InvalidKeyError);
      expect(Array.from(batch, ([key, value]) => `${key}=${value}`)).toEqual(['k=value']);
    });
  });

  describe('come in one order', () => {
    it('a closed batch comes before a bad argument and before a read-only batch', () => {
      const batch = open().begin();
      batch.discard();
      expect(() => batch.put(Key.of(new Date(0)), 1 as unknown as string)).toThrow(
        BatchClosedError,
      );
      expect(() => batch.get('k' as unknown as Key)).toThrow(BatchClosedError);
    });

    it('a read-only batch comes before a bad key or value', () => {
      const batch = open().begin();
      expect(() => batch.put(Key.of(new Date(0)), '')).toThrow(ReadOnlyBatchError);
    });

    it('a closed database comes before a closed batch', () => {
      const db = open();
      const batch = db.begin();
      batch.discard();
      db.close();
      expect(() => batch.get(k)).toThrow(DatabaseClosedError);
    });
  });

  it('name the missing key with its prefix', () => {
    const batch = open().begin(Key.of('p')).begin(Key.of('q', 7));
    try {
      batch.get(k);
      expect.unreachable();
    } catch (error) {
      expect((error as NotFoundError).key.toString()).toBe('p.q.7.k');
    }
  });
});
