import { Key, MemDB } from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';

const k = Key.of('k');

// biome-ignore lint/suspicious/noExplicitAny: the compiler refuses most of these calls.
type Untyped = any;

/** A call that somebody writes who has misunderstood something. */
type Call = (db: Untyped) => unknown;

const MISTAKES: [string, Call, RegExp][] = [
  [
    'put with a string as the key',
    (db) => db.update((b: Untyped) => b.put('key1', '')),
    /a key must be a Key, not 'key1'; write Key\.of\('key1'\)/,
  ],
  [
    'begin(true)',
    (db) => db.begin(true),
    /a prefix must be a Key or null, not true; for a writable batch write begin\(null, true\)/,
  ],
  [
    'an async function in update',
    (db) => db.update(async () => {}),
    /update must be synchronous, .*; await first, then call update with the results/,
  ],
  [
    'an async function in view',
    (db) => db.view(async () => {}),
    /view must be synchronous, .*; await first/,
  ],
  [
    'an async function in forEach',
    (db) => {
      db.update((b: Untyped) => b.put(Key.of('other'), ''));
      db.view((b: Untyped) => b.forEach(async () => {}));
    },
    /forEach must be synchronous, .*; await first/,
  ],
  [
    'an update inside an update',
    (db) => db.update(() => db.update(() => {})),
    /update commits when its function returns; use the batch that it passed/,
  ],
  [
    'a commit inside an update',
    (db) => db.update((b: Untyped) => b.commit()),
    /update commits when its function returns; use the batch that it passed/,
  ],
  [
    'a discard inside an update',
    (db) => db.update((b: Untyped) => b.discard()),
    /throw to abandon an update/,
  ],
  [
    'use after a commit',
    (db) => {
      const batch = db.begin(null, true);
      batch.commit();
      batch.put(k, '');
    },
    /the batch was committed/,
  ],
  [
    'use after a discard',
    (db) => {
      const batch = db.begin(null, true);
      batch.discard();
      batch.commit();
    },
    /the batch was discarded/,
  ],
  [
    'use after the end of the parent',
    (db) => {
      const parent = db.begin(null, true);
      const child = parent.begin(null, true).begin(null, true);
      parent.commit();
      child.get(k);
    },
    /the batch that this one is nested in was committed/,
  ],
  ['update()', (db) => db.update(), /the argument of update must be a function/],
  ['view()', (db) => db.view(), /the argument of view must be a function/],
  [
    'attach(db)',
    (db) => MemDB.attach(db),
    /pass db\.handle, by workerData or postMessage, not in a transfer list/,
  ],
  [
    'get()',
    (db) => db.view((b: Untyped) => b.get()),
    /\(\) not found; the empty key was asked for: is the argument missing\?/,
  ],
  [
    'text that UTF-8 cannot hold as a value',
    (db) => db.update((b: Untyped) => b.put(k, 'a\ud800')),
    /lone surrogate/,
  ],
];

describeEngines('a mistake gets a message that says what to do', (open) => {
  it.each(MISTAKES)('%s', (_title, call, message) => {
    const db = open();
    expect(() => call(db)).toThrow(message);
    // Nothing was changed, and nothing is held.
    expect(db.view((batch) => batch.has(k))).toBe(false);
    db.update((batch) => batch.put(Key.of('after'), ''), { timeoutMs: 1_000 });
  });
});

describeEngines('code of the user that runs while a value is read', (open) => {
  it.each([
    ['a large value', k, 20_000],
    ['a key without room for its form', Key.of('k', null, 'x'.repeat(5_000)), 3],
  ])('does not disturb the put: %s', (_title, key, size) => {
    const db = open();
    class Odd extends Uint8Array {
      override get buffer() {
        db.view((batch) => batch.has(Key.of('other', 'parts', 7)));
        return super.buffer;
      }
      override get length() {
        db.view((batch) => batch.has(Key.of('still', 'others', 7)));
        return super.length;
      }
    }
    const value = Odd.from({ length: size }, () => 7);
    db.update((batch) => batch.put(key, value));
    expect(db.view((batch) => batch.get(key)).equals(Buffer.alloc(size, 7))).toBe(true);
    db.view((batch) => batch.forEach((each) => void expect(each.equals(key)).toBe(true)));
  });
});

describeEngines('an array that lies about its length', (open) => {
  it.each([-5, 0, 40, 300_000, Number.NaN])('is stored as it is, not with %s bytes', (length) => {
    const db = open();
    for (const size of [3, 20_000]) {
      const value = Buffer.alloc(size, 7);
      const liar = Uint8Array.from(value);
      Object.defineProperty(liar, 'length', { value: length });
      db.update((batch) => batch.put(k, liar));
      expect(db.view((batch) => batch.get(k)).equals(value)).toBe(true);
    }
  });
});
