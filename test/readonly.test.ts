import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import {
  DatabaseClosedError,
  InvalidHandleError,
  Key,
  MemDB,
  ReadOnlyBatchError,
} from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';

const k = Key.of('k');

describeEngines('a database attached for reading', (open, engine) => {
  it('shows what others commit', () => {
    const db = open();
    const reader = MemDB.attach(db.readOnlyHandle);
    db.update((batch) => batch.put(k, 'value'));
    expect(reader.view((batch) => batch.get(k).toString())).toBe('value');
    expect(reader.engine).toBe(engine);
    const batch = reader.begin();
    db.update((update) => update.put(k, 'changed'));
    expect(batch.get(k).toString()).toBe('value');
    reader.close();
  });

  it('refuses every way to write', async () => {
    const db = open();
    const reader = MemDB.attach(db.readOnlyHandle);
    expect(() => reader.update((batch) => batch.put(k, 'x'))).toThrow(ReadOnlyBatchError);
    expect(() => reader.begin(null, true).put(k, 'x')).toThrow(ReadOnlyBatchError);
    expect(() => reader.begin(null, true).commit()).toThrow(ReadOnlyBatchError);
    const batch = reader.begin();
    expect(() => batch.begin(null, true)).toThrow(ReadOnlyBatchError);
    batch.discard();
    expect(() => reader.begin(null, true, { optimistic: true }).put(k, 'x')).toThrow(
      ReadOnlyBatchError,
    );
    await expect(reader.transaction((batch) => batch.put(k, 'x'))).rejects.toThrow(
      ReadOnlyBatchError,
    );
    expect(() => reader.handle).toThrow(ReadOnlyBatchError);
    expect(db.stats().commits).toBe(0);
    expect(db.stats().openBatches).toBe(0);
    reader.close();
  });

  it('hands its own handle for reading on', () => {
    const db = open();
    const reader = MemDB.attach(MemDB.attach(db.readOnlyHandle).readOnlyHandle);
    expect(() => reader.update(() => {})).toThrow(ReadOnlyBatchError);
    db.close();
    expect(() => reader.update(() => {})).toThrow(DatabaseClosedError);
  });

  it('is for reading in another thread too', async () => {
    const db = open();
    db.update((batch) => batch.put(k, 'value'));
    const source = `
      const { workerData, parentPort } = require('node:worker_threads');
      const { MemDB, Key } = require('accumulate-memdb');
      const db = MemDB.attach(workerData);
      const value = db.view((b) => b.get(Key.of('k')).toString());
      let code;
      try { db.update(() => {}); } catch (error) { code = error.code; }
      parentPort.postMessage({ value, code });`;
    const worker = new Worker(source, { eval: true, workerData: db.readOnlyHandle });
    const [answer] = await once(worker, 'message');
    expect(answer).toEqual({ value: 'value', code: 'ERR_READ_ONLY_BATCH' });
    await once(worker, 'exit');
  });

  it('is closed with the database, and its handle says so', () => {
    const db = open();
    const handle = db.readOnlyHandle;
    db.close();
    expect(() => MemDB.attach(handle)).toThrow(DatabaseClosedError);
    expect(() => db.readOnlyHandle).toThrow(DatabaseClosedError);
  });

  it('comes from a handle alone', () => {
    for (const wrong of [{ readOnly: 5 }, { readOnly: new SharedArrayBuffer(4) }, {}]) {
      // @ts-expect-error: that is what is tested
      expect(() => MemDB.attach(wrong)).toThrow(InvalidHandleError);
    }
  });
});
