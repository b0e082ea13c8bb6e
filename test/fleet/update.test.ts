import { ConflictError, Key, NestedUpdateError, uint } from 'accumulate-memdb';
import {
  BatchTooLargeError,
  FleetUnavailableError,
  type Replica,
  UnknownOutcomeError,
} from 'accumulate-memdb/fleet';
import { expect, test } from 'vitest';
import { CallFailure, contents, describeFleet, numberOf, planted, sleep, Txn } from './fleet.js';
import { TcpProxy } from './proxy.js';

const n = Key.of('n');
const increment = (replica: Replica, timeoutMs = 30_000) =>
  replica.update((batch) => batch.put(n, String(numberOf(batch, n) + 1)), { timeoutMs });
const count = (replica: Replica) => replica.view((batch) => numberOf(batch, n));

/** A commit that does not compare its slot. */
function withoutSlot(request: Buffer): Buffer {
  const message = Txn.request.decode(request);
  return Txn.request.encode({ ...message, compare: message.compare.slice(1) });
}

describeFleet('update', {}, (fleet) => {
  test('increments of many replicas at once are all there', async () => {
    const replicas = [await fleet.open(), await fleet.open(), await fleet.open()];
    await Promise.all(
      replicas.map(async (replica) => {
        for (let i = 0; i < 10; i++) await increment(replica);
      }),
    );
    for (const replica of replicas) {
      await replica.sync();
      expect(count(replica)).toBe(30);
    }
  });

  test('write skew: of two updates that read what the other writes, one runs again', async () => {
    const [first, second] = [await fleet.open(), await fleet.open()];
    const [x, y] = [Key.of('x'), Key.of('y')];
    await first.update((batch) => {
      batch.put(x, '1');
      batch.put(y, '1');
    });
    await second.sync();
    // Each withdraws only if the sum allows it.
    const withdraw = (replica: Replica, key: Key) =>
      replica.update((batch) => {
        if (numberOf(batch, x) + numberOf(batch, y) < 2) return false;
        batch.put(key, '0');
        return true;
      });
    const done = await Promise.all([withdraw(first, x), withdraw(second, y)]);
    expect(done.filter(Boolean)).toHaveLength(1);
  });

  test('phantoms: an update that iterated runs again after a record has come', async () => {
    const [first, second] = [await fleet.open(), await fleet.open()];
    const addIfEmpty = (replica: Replica, name: string) =>
      replica.update((batch) => {
        if ([...batch].length > 0) return false;
        batch.put(Key.of(name), 'x');
        return true;
      });
    const done = await Promise.all([addIfEmpty(first, 'a'), addIfEmpty(second, 'b')]);
    expect(done.filter(Boolean)).toHaveLength(1);
  });

  test('an absent key that was read and has come is a conflict', async () => {
    const [first, second] = [await fleet.open(), await fleet.open()];
    const [a, b] = [Key.of('a'), Key.of('b')];
    const claim = (replica: Replica, mine: Key, other: Key) =>
      replica.update((batch) => {
        if (batch.has(other)) return false;
        batch.put(mine, 'x');
        return true;
      });
    const done = await Promise.all([claim(first, a, b), claim(second, b, a)]);
    expect(done.filter(Boolean)).toHaveLength(1);
  });

  test('a deleted key that was read is a conflict', async () => {
    const [first, second] = [await fleet.open(), await fleet.open()];
    const [a, b] = [Key.of('a'), Key.of('b')];
    await first.update((batch) => batch.put(a, '1'));
    await second.sync();
    let runs = 0;
    const copying = second.update((batch) => {
      runs++;
      batch.put(b, batch.tryGet(a) ?? 'nothing');
    });
    const deleting = first.update((batch) => batch.delete(a));
    await Promise.all([copying, deleting]);
    await second.sync();
    // Whichever came first, the copy is of what was there.
    expect(contents(second)).toEqual({ b: runs > 1 ? 'nothing' : '1' });
  });

  test('more reads than a transaction compares are kept by the head', async () => {
    const [first, second] = [await fleet.open(), await fleet.open()];
    const keys = Array.from({ length: 200 }, (_, i) => Key.of('r', uint(i)));
    const sum = Key.of('sum');
    await first.update((batch) => {
      for (const key of keys.slice(0, 100)) batch.put(key, '1');
    });
    await second.sync();
    const total = (replica: Replica) =>
      replica.update((batch) => {
        const values = batch.getMany(keys).map((value) => Number(value ?? 0));
        batch.put(sum, String(values.reduce((a, b) => a + b)));
      });
    await Promise.all([
      total(second),
      first.update((batch) => batch.put(keys[150] as Key, '1')),
      total(second),
    ]);
    await total(second);
    expect(second.view((batch) => numberOf(batch, sum))).toBe(101);
  });

  test('conflicts without end are a ConflictError that names the key', async () => {
    const replica = await fleet.open();
    await increment(replica);
    const conflicting = () => async () => ({
      succeeded: false,
      header: { revision: 0 },
      responses: [{ response_range: { kvs: [] } }, { response_range: { kvs: [] } }],
    });
    await planted('commit', conflicting, async () => {
      // A slot of version 0 agrees with the answer above.
      const other = await fleet.open();
      await expect(increment(other, 300)).rejects.toThrow(ConflictError);
    });
    expect(count(replica)).toBe(1);
  });

  test('nested batches count once they are committed', async () => {
    const replica = await fleet.open();
    await replica.update((batch) => {
      const kept = batch.begin(Key.of('p'), true);
      kept.put(Key.of('kept'), '1');
      kept.commit();
      const dropped = batch.begin(Key.of('p'), true);
      dropped.put(Key.of('dropped'), '1');
      dropped.discard();
    });
    expect(contents(replica)).toEqual({ 'p.kept': '1' });
  });

  test('a function that throws or is not synchronous changes nothing', async () => {
    const replica = await fleet.open();
    const boom = new Error('boom');
    const throwing = replica.update((batch) => {
      batch.put(n, '1');
      throw boom;
    });
    await expect(throwing).rejects.toBe(boom);
    const later = (async () => {}) as unknown as () => void;
    await expect(replica.update(later)).rejects.toThrow(TypeError);
    await expect(replica.update((batch) => batch.commit())).rejects.toThrow(NestedUpdateError);
    expect(contents(replica)).toEqual({});
  });

  test('a batch at the limit is committed, and one over is refused before it is sent', async () => {
    const replica = await fleet.open();
    const fill = (records: number, size = 1) =>
      replica.update((batch) => {
        for (let i = 0; i < records; i++) batch.put(Key.of('r', uint(i)), 'x'.repeat(size));
      });
    await fill(126);
    expect(Object.keys(contents(replica))).toHaveLength(126);
    const { revision } = replica.status();
    await expect(fill(127)).rejects.toThrow(BatchTooLargeError);
    const megabyte = 2 ** 20;
    await fill(1, 1.4 * megabyte);
    await expect(fill(1, 1.5 * megabyte)).rejects.toThrow(BatchTooLargeError);
    await fill(2);
    // The refused ones made no revision.
    expect(replica.status().revision).toBe(revision + 2);
  });

  test('limits of the servers that are lower than the options say are a BatchTooLargeError too', async () => {
    const replica = await fleet.open({ maxOps: 1000, maxBytes: 10_000_000 });
    const fill = (records: number, size: number) =>
      replica.update((batch) => {
        for (let i = 0; i < records; i++) batch.put(Key.of('r', uint(i)), 'x'.repeat(size));
      });
    await expect(fill(200, 1)).rejects.toThrow(BatchTooLargeError);
    await expect(fill(1, 1_800_000)).rejects.toThrow(BatchTooLargeError);
    await expect(fill(1, 4_000_000)).rejects.toThrow(BatchTooLargeError);
    await fill(1, 1);
  });

  test('an aborted update rejects with the reason, and one with no time left says so', async () => {
    const replica = await fleet.open();
    const reason = new Error('enough');
    const aborted = replica.update((batch) => batch.put(n, '1'), {
      signal: AbortSignal.abort(reason),
    });
    await expect(aborted).rejects.toBe(reason);
    expect(contents(replica)).toEqual({});
  });

  const lost = [
    ['with slots, each is there once', true, 10],
    ['without the comparison of the slot, each is there twice', false, 20],
  ] as const;
  test.each(lost)('commits whose answers are lost: %s', async (_, slots, commits) => {
    const replica = await fleet.open();
    let calls = 0;
    const losing = (original: (request: Buffer, limits: unknown) => Promise<unknown>) =>
      async function (this: unknown, request: Buffer, limits: unknown) {
        const response = await original.call(this, slots ? request : withoutSlot(request), limits);
        if (calls++ % 2 === 1) return response;
        throw new CallFailure('unreachable', 'planted: the answer was lost');
      };
    await planted('commit', losing, async () => {
      for (let i = 0; i < 10; i++) await replica.update((batch) => batch.put(n, String(i)));
    });
    await replica.sync();
    expect(calls).toBe(20);
    expect(replica.status().commits).toBe(commits);
  });

  test('connections cut while connecting, after the first data and in the middle of commits', async () => {
    await using proxy = await TcpProxy.start(fleet.cluster.endpoints[0] as string);
    const replica = await fleet.open({ endpoints: [proxy.url] });
    let stopped = false;
    const cutting = (async () => {
      for (const mode of ['pass', 'refuse', 'pass', 'cut', 'pass', 'pass'] as const) {
        proxy.mode = mode;
        proxy.cut();
        await sleep(mode === 'pass' ? 600 : 200);
      }
      stopped = true;
    })();
    let done = 0;
    while (!stopped) {
      await increment(replica);
      done++;
    }
    await cutting;
    expect(done).toBeGreaterThan(5);
    expect(count(replica)).toBe(done);
    expect(replica.status().commits).toBe(done);
  });

  test('answers that are dropped until the time is over: the outcome is unknown, and local reads go on', async () => {
    await using proxy = await TcpProxy.start(fleet.cluster.endpoints[0] as string);
    const other = await fleet.open();
    const replica = await fleet.open({ endpoints: [proxy.url] });
    await increment(replica);
    proxy.deaf = true;
    const started = Date.now();
    const lost = increment(replica, 600);
    await expect(lost).rejects.toThrow(UnknownOutcomeError);
    await expect(lost).rejects.toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{16}\/0\/2$/) });
    expect(Date.now() - started).toBeLessThan(3000);
    expect(count(replica)).toBe(1);
    await other.sync();
    expect(count(other)).toBe(2);
    proxy.deaf = false;
    proxy.cut();
    await replica.sync();
    expect(count(replica)).toBe(2);
    await increment(replica);
    expect(count(replica)).toBe(3);
  });

  test('without a server, update and sync fail in time, and nothing was sent', async () => {
    await using proxy = await TcpProxy.start(fleet.cluster.endpoints[0] as string);
    const replica = await fleet.open({ endpoints: [proxy.url] });
    await increment(replica);
    proxy.mode = 'refuse';
    proxy.cut();
    await sleep(50);
    const started = Date.now();
    await expect(increment(replica, 500)).rejects.toThrow(FleetUnavailableError);
    await expect(replica.sync({ timeoutMs: 300 })).rejects.toThrow(FleetUnavailableError);
    expect(Date.now() - started).toBeLessThan(3000);
    expect(count(replica)).toBe(1);
  });

  test('a lease that expired while a try was open: the outcome is unknown', async () => {
    const replica = await fleet.open();
    await increment(replica);
    let calls = 0;
    const losing = (original: (...args: unknown[]) => Promise<unknown>) =>
      async function (this: unknown, ...args: unknown[]) {
        if (calls++ > 0) return original.apply(this, args);
        await original.apply(this, args);
        const { leases } = await fleet.cluster.call('lease/leases');
        for (const { ID } of leases) await fleet.cluster.call('lease/revoke', { ID });
        throw new CallFailure('unreachable', 'planted: the answer was lost');
      };
    await planted('commit', losing, async () => {
      await expect(increment(replica)).rejects.toThrow(UnknownOutcomeError);
    });
    await increment(replica);
    expect(count(replica)).toBe(3);
  });

  test('a lease that expired during a pause: the next commit takes a new one', async () => {
    const replica = await fleet.open();
    await increment(replica);
    await increment(replica);
    const { leases } = await fleet.cluster.call('lease/leases');
    for (const { ID } of leases) await fleet.cluster.call('lease/revoke', { ID });
    await increment(replica);
    expect(count(replica)).toBe(3);
    expect(replica.status().commits).toBe(3);
  });
});
