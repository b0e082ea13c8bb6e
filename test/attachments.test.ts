import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { DatabaseClosedError, Key, MemDB } from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';

const k = Key.of('k');

describeEngines('attaching again in a thread', (open) => {
  it('lists the thread once, however often it attaches', () => {
    const db = open();
    const attached = Array.from({ length: 1_000 }, () => MemDB.attach(db.handle));
    for (const each of attached) each.begin();
    expect(db.stats()).toMatchObject({ openBatches: 1_000, threads: [{ openBatches: 1_000 }] });
    expect(db.stats().threads).toHaveLength(1);
    for (const each of attached) each.close();
    expect(db.stats()).toMatchObject({ openBatches: 0, openSnapshots: 0 });
  });

  it('ends its own batches and iterations when it is closed, and no others', () => {
    const db = open();
    db.update((batch) => batch.put(k, 'value'));
    const [one, other] = [MemDB.attach(db.handle), MemDB.attach(db.handle)];
    const closing = one.begin(null, true);
    const nested = closing.begin(null, true);
    const iteration = one.begin().entries();
    const staying = other.begin();
    const walk = other.begin().entries();
    iteration.next();
    one.close();
    expect(() => closing.get(k)).toThrow(DatabaseClosedError);
    expect(() => nested.get(k)).toThrow(DatabaseClosedError);
    expect(() => iteration.next()).toThrow(DatabaseClosedError);
    expect(`${staying.get(k)}`).toBe('value');
    expect(walk.next().done).toBe(false);
    // The ids of what was closed are free again, and name nothing of the others.
    const later = other.begin(null, true);
    closing.discard();
    nested.discard();
    later.put(k, 'later');
    later.commit();
    expect(`${db.view((batch) => batch.get(k))}`).toBe('later');
    other.close();
    expect(db.stats()).toMatchObject({ openBatches: 0, threads: [{ openBatches: 0 }] });
  });

  it('leaves the lock to the update that has it when another attachment is closed inside', () => {
    const db = open();
    const other = MemDB.attach(db.handle);
    db.update((batch) => {
      other.close();
      expect(() => MemDB.attach(db.handle).update(() => {})).toThrow(/update commits when/);
      batch.put(k, 'value');
    });
    expect(`${db.view((batch) => batch.get(k))}`).toBe('value');
    db.update(() => {}, { timeoutMs: 0 });
  });

  it('is ended once nobody can reach it', async () => {
    const db = open();
    const worker = new Worker(new URL('./support/forgetful.mjs', import.meta.url), {
      workerData: db.handle,
    });
    await once(worker, 'message');
    expect(db.stats()).toMatchObject({ threads: [{}], openBatches: 0 });
    await worker.terminate();
  });
});
