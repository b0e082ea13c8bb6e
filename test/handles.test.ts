import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DatabaseClosedError,
  InvalidHandleError,
  Key,
  MemDB,
  type MemDBError,
} from 'accumulate-memdb';
import { afterEach, describe, expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';
import { Random, runSeed } from './support/random.js';
import { Thread } from './support/thread.js';
import { contents } from './support/variants.js';

const k = Key.of('k');
const seed = runSeed('handles.test.ts');
/** Bad handles of each kind. There are about 10,000 in all. */
const COUNT = 1_500;

describeEngines('handles', (open, engine) => {
  const threads: Thread[] = [];
  afterEach(async () => {
    await Promise.all(threads.splice(0).map((thread) => thread.end()));
  });
  const start = async (db: MemDB): Promise<Thread> => {
    const thread = await Thread.attached(db);
    threads.push(thread);
    return thread;
  };

  it('are shared memory, and always the same memory', () => {
    const db = open();
    expect(db.handle).toBeInstanceOf(SharedArrayBuffer);
    expect(db.handle).toBe(db.handle);
    const attached = MemDB.attach(db.handle);
    expect(attached.engine).toBe(db.engine);
    attached.close();
  });

  describe('in the same thread', () => {
    it('attach to the same data', () => {
      const db = open();
      db.update((batch) => batch.put(k, 'value'));
      const attached = MemDB.attach(db.handle);
      expect(contents(attached.begin())).toEqual(['k=value']);
      attached.update((batch) => batch.put(k, 'changed'));
      expect(contents(db.begin())).toEqual(['k=changed']);
      attached.close();
    });

    it('closing an attachment ends that attachment alone', () => {
      const db = open();
      const [one, two] = [MemDB.attach(db.handle), MemDB.attach(db.handle)];
      const batch = one.begin(null, true);
      one.close();
      expect(() => batch.has(k)).toThrow(DatabaseClosedError);
      expect(() => one.stats()).toThrow(DatabaseClosedError);
      two.update((update) => update.put(k, 'value'));
      expect(contents(db.begin())).toEqual(['k=value']);
      expect(db.stats().openBatches).toBe(1);
      two.close();
    });

    it('closing the database where it was created ends all attachments', () => {
      const db = open();
      const attached = MemDB.attach(db.handle);
      const batch = attached.begin();
      const iteration = batch.entries();
      db.close();
      expect(() => batch.has(k)).toThrow(DatabaseClosedError);
      expect(() => iteration.next()).toThrow(DatabaseClosedError);
      expect(() => attached.stats()).toThrow(DatabaseClosedError);
      expect(() => attached.update(() => {})).toThrow(DatabaseClosedError);
      batch.discard();
      attached.close();
    });

    it('an update inside an update of another attachment is a NestedUpdateError', () => {
      const db = open();
      const attached = MemDB.attach(db.handle);
      db.update((batch) => {
        batch.put(k, 'kept');
        expect(() => attached.update(() => {})).toThrow(
          expect.objectContaining({ code: 'ERR_NESTED_UPDATE' }),
        );
      });
      expect(contents(attached.begin())).toEqual(['k=kept']);
      attached.close();
    });
  });

  describe('in other threads', () => {
    it('attach to the same data: each side sees what the other commits', async () => {
      const db = open();
      db.update((batch) => batch.put(k, 'main'));
      const thread = await start(db);
      expect(await thread.call('get', 'k')).toBe('main');
      await thread.call('put', 'k', 'thread');
      expect(contents(db.begin())).toEqual(['k=thread']);
    });

    it('work in threads that threads started', async () => {
      const db = open();
      db.update((batch) => batch.put(k, 'main'));
      const thread = await start(db);
      expect(await thread.call('grandchild', db.handle, 'k')).toBe('main');
      expect(contents(db.begin())).toContain('grandchild=was here');
    });

    it('survive any number of transfers', async () => {
      const db = open();
      const thread = await start(db);
      let { handle } = db;
      for (let i = 0; i < 50; i++) {
        handle = structuredClone((await thread.call('handle')) as SharedArrayBuffer);
        await thread.call('close');
        await thread.call('attach', handle);
        await thread.call('put', 'k', `${i}`);
      }
      const attached = MemDB.attach(handle);
      expect(contents(attached.begin())).toEqual(['k=49']);
      attached.close();
    });

    it('never see the open batches of another thread', async () => {
      const db = open();
      db.update((batch) => batch.put(k, 'old'));
      const thread = await start(db);
      await thread.call('begin', false);
      db.update((batch) => batch.put(k, 'new'));
      expect(await thread.call('read', 'k')).toBe('old');
      expect(db.stats().threads).toContainEqual({
        threadId: thread.threadId,
        openBatches: 1,
        openSnapshots: 1,
      });
      await thread.call('discard');
      expect(db.stats()).toMatchObject({ openBatches: 0, openSnapshots: 0 });
    });

    it('are of no use after the database is closed', async () => {
      const db = open();
      const thread = await start(db);
      await thread.call('begin', true);
      db.close();
      await expect(thread.call('read', 'k')).rejects.toMatchObject({ code: 'ERR_DATABASE_CLOSED' });
      await expect(thread.call('put', 'k', '')).rejects.toMatchObject({
        code: 'ERR_DATABASE_CLOSED',
      });
      await thread.call('discard');
      await thread.call('close');
    });

    it('never close the database when a worker closes its attachment', async () => {
      const db = open();
      const thread = await start(db);
      await thread.call('begin', true);
      await thread.call('close');
      db.update((batch) => batch.put(k, 'value'));
      expect(db.stats()).toMatchObject({ entries: 1, openBatches: 0, openSnapshots: 0 });
      await thread.call('attach', db.handle);
      expect(await thread.call('get', 'k')).toBe('value');
    });
  });

  describe('that are copies', () => {
    /** Of the same length, and growable if the handle is. */
    const copyOf = (handle: SharedArrayBuffer): SharedArrayBuffer => {
      const { byteLength, growable, maxByteLength } = handle;
      const copy = new SharedArrayBuffer(byteLength, growable ? { maxByteLength } : undefined);
      new Uint8Array(copy).set(new Uint8Array(handle));
      return copy;
    };

    it('are refused in the thread that has the database', () => {
      const db = open();
      db.update((batch) => batch.put(k, 'value'));
      for (const copy of [copyOf(db.handle), db.handle.slice(0)]) {
        expect(() => MemDB.attach(copy)).toThrow(InvalidHandleError);
      }
      // But what only is another object is the same handle.
      const same = MemDB.attach(structuredClone(db.handle));
      expect(contents(same.begin())).toEqual(['k=value']);
      same.close();
    });

    it('are refused in a thread that attached to the database', async () => {
      const db = open();
      const thread = await start(db);
      await expect(thread.call('attach', copyOf(db.handle))).rejects.toMatchObject({
        code: 'ERR_INVALID_HANDLE',
      });
    });

    it('are refused in another process', async () => {
      const db = open();
      const { handle } = db;
      const maxByteLength = handle.growable ? handle.maxByteLength : undefined;
      const script = join(import.meta.dirname, 'support/copying.mjs');
      const child = fork(script, { serialization: 'advanced', stdio: 'pipe' });
      const output = child.stdout?.toArray();
      await once(child, 'message');
      child.send({ bytes: Buffer.from(new Uint8Array(handle)), maxByteLength });
      expect(`${await output}`).toBe('ERR_INVALID_HANDLE\n');
    });
  });

  it('of another copy of the package are refused, and the message names it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'memdb-copy-'));
    try {
      const root = join(import.meta.dirname, '..');
      cpSync(join(root, 'dist/lib'), join(folder, 'dist/lib'), { recursive: true });
      const description = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
      const json = JSON.stringify({ ...description, version: '77.7.7' });
      writeFileSync(join(folder, 'package.json'), json);
      const copy = createRequire(import.meta.url)(join(folder, 'dist/lib/index.js'));
      const attach = () => copy.MemDB.attach(open().handle);
      expect(attach).toThrow(copy.InvalidHandleError);
      expect(attach).toThrow(`of another copy of this package, accumulate-memdb 0.1.0 in ${root}`);
      expect(attach).toThrow(`this is accumulate-memdb 77.7.7 in ${folder}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('of a database that went with its last thread are closed', async () => {
    const thread = new Thread();
    threads.push(thread);
    const handle = (await thread.call('create', engine)) as SharedArrayBuffer;
    await thread.end();
    expect(() => MemDB.attach(handle)).toThrow(DatabaseClosedError);
  });

  describe('that are forged', () => {
    /** Attaches, and expects a typed error. */
    const refuse = (handle: unknown, types: (new (...args: never[]) => MemDBError)[]) => {
      let thrown: unknown;
      try {
        MemDB.attach(handle as SharedArrayBuffer).close();
      } catch (error) {
        thrown = error;
      }
      expect(types.map(({ name }) => name)).toContain((thrown as Error | undefined)?.name);
    };
    const INVALID = [InvalidHandleError];
    /** If the words of a handle say that it is closed, it counts as closed. */
    const ENDED = [InvalidHandleError, DatabaseClosedError];

    const copy = (handle: SharedArrayBuffer, length = handle.byteLength): Uint8Array => {
      const shared = new Uint8Array(new SharedArrayBuffer(length));
      shared.set(new Uint8Array(handle).subarray(0, length));
      return shared;
    };
    const memory = (bytes: Uint8Array) => bytes.buffer as SharedArrayBuffer;
    /** Only the beginning of a handle is read. The whole may be large. */
    const HEAD = 4_096;

    it('are refused if they are not shared memory', () => {
      for (const handle of [
        undefined,
        null,
        1,
        'handle',
        {},
        [],
        new ArrayBuffer(32),
        new Uint8Array(32),
      ]) {
        refuse(handle, INVALID);
      }
    });

    it('are refused if they are zeros or random bytes of any length', () => {
      const random = new Random(seed);
      for (let i = 0; i < COUNT; i++) {
        const length = random.pick([0, 4, 31, 32, 33, 64, random.below(HEAD)]);
        refuse(new SharedArrayBuffer(length), INVALID);
        const bytes = new Uint8Array(new SharedArrayBuffer(length));
        bytes.set(random.bytes(length));
        refuse(memory(bytes), INVALID);
      }
    });

    it('are refused if they are cut off', () => {
      const { handle } = open();
      const random = new Random(seed);
      for (let i = 0; i < COUNT; i++) {
        const length = random.below(Math.min(handle.byteLength, HEAD));
        refuse(memory(copy(handle, length)), INVALID);
      }
    });

    it('are refused if a byte was changed', () => {
      const db = open();
      const random = new Random(seed);
      const id = 16;
      const head = Math.min(db.handle.byteLength, HEAD);
      for (let i = 0; i < COUNT; i++) {
        const forged = copy(db.handle, head);
        // A byte of the database's id changes, and it changes last, so that nothing undoes it.
        const at = id + random.below(16);
        const original = forged[at] as number;
        if (random.chance(0.5)) forged[random.below(head)] = random.below(256);
        forged[at] = original ^ (1 + random.below(255));
        refuse(memory(forged), ENDED);
      }
      expect(db.stats().entries).toBe(0);
    });

    it('are refused if the mark is right and the id is invented', () => {
      const { handle } = open();
      const random = new Random(seed);
      for (let i = 0; i < COUNT; i++) {
        const forged = copy(handle, Math.min(handle.byteLength, HEAD));
        forged.set(random.bytes(16), 16);
        refuse(memory(forged), INVALID);
      }
    });

    it('are refused if the database is closed', () => {
      const random = new Random(seed);
      const stale: SharedArrayBuffer[] = [];
      for (let i = 0; i < 100; i++) {
        const db = open();
        const { handle } = db;
        stale.push(memory(copy(handle, Math.min(handle.byteLength, HEAD))));
        db.close();
        expect(() => MemDB.attach(handle)).toThrow(DatabaseClosedError);
      }
      for (let i = 0; i < COUNT; i++) refuse(random.pick(stale), ENDED);
    });

    it('never harm the real database', async () => {
      const db = open();
      db.update((batch) => batch.put(k, 'value'));
      const thread = await start(db);
      const forged = copy(db.handle, Math.min(db.handle.byteLength, HEAD));
      forged[16] = (forged[16] as number) ^ 1;
      await expect(thread.call('attach', memory(forged))).rejects.toMatchObject({
        code: 'ERR_INVALID_HANDLE',
      });
      expect(await thread.call('get', 'k')).toBe('value');
    });
  });
});
