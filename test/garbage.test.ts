import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Key, MemDB } from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';
import { ENGINES } from './support/engines.js';

const root = join(import.meta.dirname, '..');

/** Runs a program in a process of its own; returns what it prints. */
function run(args: readonly string[]): string {
  return execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8', timeout: 280_000 });
}

describe('memory of fallback databases', () => {
  const stores = (count: number, ending: string) =>
    Number(run([join(root, 'test/support/stores.mjs'), `${count}`, ending]));

  it.each(['close', 'handle'])(
    'that were closed does not pile up, with no wait for a garbage collection (%s)',
    (ending) => {
      expect(stores(15, ending)).toBeLessThan(stores(2, ending) + 80);
    },
  );

  it('that nobody can reach any more does not pile up', () => {
    expect(run(['--expose-gc', '-e', ABANDONED])).toBe('0 databases stay\n');
  });

  it.runIf(process.platform === 'linux')(
    'that were not closed end in an error before the process cannot map more',
    () => {
      expect(run(['-e', MANY])).toMatch(/^ERR_DATABASE_FULL\nvalue\n$/);
    },
  );
});

/** Collects garbage. */
setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

const ABANDONED = `
  const { MemDB } = require('accumulate-memdb');
  let held;
  (async () => {
    const make = () => new MemDB({ engine: 'fallback' }).begin();
    for (let n = 0; n < 15; n++) make();
    held = make();
    for (let n = 0; n < 10; n++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      gc();
    }
    const buffers = process[Symbol.for('accumulate-memdb/buffers/1')];
    // One has an open batch.
    held.has(null);
    console.log(buffers.size - 1 + ' databases stay');
  })();
`;

// Maps most of what the process may map first, because databases alone would take a minute.
const MANY = `
  const { readFileSync } = require('node:fs');
  const { Key, MemDB } = require('accumulate-memdb');
  const most = Number(readFileSync('/proc/sys/vm/max_map_count', 'latin1'));
  const others = [];
  for (let n = 0; n < most * 0.36; n++) others.push(new SharedArrayBuffer(1, { maxByteLength: 1 << 16 }));
  const databases = [];
  try {
    for (;;) databases.push(new MemDB({ engine: 'fallback' }));
  } catch (error) {
    console.log(error.code);
  }
  databases[0].update((batch) => batch.put(Key.of('k'), 'value'));
  console.log(databases[0].view((batch) => batch.get(Key.of('k')).toString()));
`;

describe.each(ENGINES)('a database (%s)', (engine) => {
  it('whose handle was given away stays, though its creator forgot it', async () => {
    const handle = (() => {
      const db = new MemDB({ engine });
      db.update((batch) => batch.put(Key.of('k'), 'value'));
      return db.handle;
    })();
    for (let n = 0; n < 5; n++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      gc();
    }
    const attached = MemDB.attach(handle);
    expect(`${attached.view((batch) => batch.get(Key.of('k')))}`).toBe('value');
    attached.close();
  });

  it('that somebody waits for stays attached, though nobody else knows the attachment', async () => {
    const db = new MemDB({ engine });
    const wait = MemDB.attach(db.handle).waitForCommit(0);
    for (let n = 0; n < 5; n++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      gc();
    }
    db.update((batch) => batch.put(Key.of('k'), 'value'));
    expect(await wait).toBe(1);
    db.close();
  });
});
