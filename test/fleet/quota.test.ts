import { Key, uint } from 'accumulate-memdb';
import { StoreFullError } from 'accumulate-memdb/fleet';
import { expect, test } from 'vitest';
import { contents, describeFleet } from './fleet.js';

const QUOTA = 16 * 1024 * 1024;
const args = ['--quota-backend-bytes', String(QUOTA)];

describeFleet('a quota', { args, engines: ['native'] }, (fleet) => {
  test('that is used up is a StoreFullError; what was acknowledged is there; later it goes on', async () => {
    const replica = await fleet.open();
    const value = 'x'.repeat(1_000_000);
    let done = 0;
    const fill = async () => {
      for (; done < 100; done++) {
        await replica.update((batch) => {
          batch.put(Key.of('big'), value);
          batch.put(Key.of('done', uint(done)), 'x');
        });
      }
    };
    await expect(fill()).rejects.toThrow(StoreFullError);
    expect(done).toBeGreaterThan(5);
    await replica.sync();
    expect(Object.keys(contents(replica))).toHaveLength(done + 1);
    await expect(replica.update((batch) => batch.put(Key.of('a'), '1'))).rejects.toThrow(
      /compact and defragment it/,
    );

    const { header } = await fleet.cluster.call('kv/range', { key: btoa('x') });
    await fleet.cluster.call('kv/compaction', { revision: header.revision, physical: true });
    await fleet.cluster.call('maintenance/defragment');
    const { alarms } = await fleet.cluster.call('maintenance/alarm', { action: 0 });
    for (const alarm of alarms) {
      await fleet.cluster.call('maintenance/alarm', { ...alarm, action: 2 });
    }
    await replica.update((batch) => batch.put(Key.of('after'), '1'));
    const other = await fleet.open();
    expect(contents(other)).toEqual(contents(replica));
    expect(contents(other).after).toBe('1');
  });
});
