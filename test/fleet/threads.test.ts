import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Key, MemDB, ReadOnlyBatchError, uint } from 'accumulate-memdb';
import { expect, test } from 'vitest';
import { describeFleet, planted } from './fleet.js';

const COUNT = 100;
const keys = Array.from({ length: COUNT }, (_, n) => Key.of('r', uint(n)));

describeFleet('threads that read a replica', {}, (fleet) => {
  test('see the old or the new while it loads afresh, and cannot write', async () => {
    const writer = await fleet.open();
    const write = (value: number) =>
      writer.update((batch) => {
        for (const key of keys) batch.put(key, String(value));
      });
    await write(0);
    // Each watch loses its first revision, so that the second one makes the replica load afresh.
    type Follow = (
      from: number,
      followed: (r: readonly unknown[]) => unknown,
      s: unknown,
    ) => unknown;
    const losing = (original: Follow) =>
      function (
        this: unknown,
        from: number,
        followed: (r: readonly unknown[]) => unknown,
        s: unknown,
      ) {
        let lost = false;
        const filtered = (revisions: readonly unknown[]) => {
          const rest = lost ? revisions : revisions.slice(1);
          lost = true;
          return followed(rest);
        };
        return original.call(this, from, filtered, s);
      };
    await planted('follow', losing, async () => {
      const replica = await fleet.open();
      const workerData = { handle: replica.handle, count: COUNT };
      const workers = [1, 2].map(
        () => new Worker(new URL('./reader.mjs', import.meta.url), { workerData }),
      );
      await Promise.all(workers.map((worker) => once(worker, 'message')));
      for (let value = 1; value <= 12; value++) {
        await write(value);
        if (value % 2 === 0) await replica.sync();
      }
      const reports = workers.map((worker) => once(worker, 'message'));
      for (const worker of workers) worker.postMessage('stop');
      for (const [report] of await Promise.all(reports)) {
        expect(report).toMatchObject({ mixed: 0, writes: 'ERR_READ_ONLY_BATCH' });
        expect(report.values).toBeGreaterThan(1);
      }
      expect(replica.status().loads).toBeGreaterThan(3);
    });
  });

  test('have a handle that is for reading, until the replica is closed', async () => {
    const replica = await fleet.open();
    const reader = MemDB.attach(replica.handle);
    expect(() => reader.begin(null, true).put(keys[0], 'x')).toThrow(ReadOnlyBatchError);
    const { handle } = replica;
    await replica.close();
    await replica.close();
    expect(() => MemDB.attach(handle)).toThrow(/closed/);
    expect(() => replica.handle).toThrow(/closed/);
    expect(() => replica.view((batch) => batch.has(keys[0]))).toThrow(/closed/);
    await expect(replica.update(() => 1)).rejects.toThrow(/closed/);
    await expect(replica.sync()).rejects.toThrow(/closed/);
  });
});
