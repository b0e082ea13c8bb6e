import { rmSync } from 'node:fs';
import { Key, uint } from 'accumulate-memdb';
import {
  ClusterRevertedError,
  positionOf,
  Replica,
  ReplicaStaleError,
} from 'accumulate-memdb/fleet';
import { describe, expect, test } from 'vitest';
import { contents, describeFleet, planted, sleep, until } from './fleet.js';
import { ETCD_SKIPPED, TestCluster } from './server.mjs';

type Revisions = readonly { revision: number; events: unknown[] }[];
type Follow = (from: number, followed: (r: Revisions) => unknown, signal: AbortSignal) => unknown;

describeFleet('following', {}, (fleet) => {
  const a = Key.of('a');
  const b = Key.of('b');

  test('a replica has what others had committed, and what they commit later', async () => {
    const first = await fleet.open();
    await first.update((batch) => batch.put(a, 'before'));
    const second = await fleet.open();
    expect(contents(second)).toEqual({ a: 'before' });
    await first.update((batch) => {
      batch.put(b, 'later');
      batch.delete(a);
    });
    await second.sync();
    expect(contents(second)).toEqual({ b: 'later' });
  });

  test('more records than a page has are loaded at one revision', async () => {
    const writer = await fleet.open();
    const counts = Array.from({ length: 8 }, (_, i) => i);
    for (const i of counts) {
      await writer.update((batch) => {
        for (let n = 0; n < 100; n++) batch.put(Key.of('r', uint(i), uint(n)), 'x'.repeat(n * 10));
      });
    }
    const replica = await fleet.open();
    expect(contents(replica)).toEqual(contents(writer));
    expect(Object.keys(contents(replica))).toHaveLength(800);
  });

  test('keys come back as they were put; one that starts from a digest, as that of its own', async () => {
    const writer = await fleet.open();
    const digest = Key.fromHash(new Uint8Array(32).fill(7)).append('x');
    const keys = [
      Key.of('s', 5, uint(7), new Uint8Array([1])),
      Key.of(),
      Key.of('n', null),
      digest,
    ];
    await writer.update((batch) => {
      for (const key of keys) batch.put(key, String(key));
    });
    const replica = await fleet.open();
    for (const key of keys) {
      expect(replica.view((batch) => batch.get(key).toString())).toBe(String(key));
    }
    const loaded = replica.view((batch) => [...batch].map(([key]) => key));
    for (const key of keys.slice(0, 3)) expect(loaded.some((k) => k.equals(key))).toBe(true);
    expect(loaded.some((key) => key.equals(Key.fromHash(digest.digest())))).toBe(true);
    expect(loaded).toHaveLength(keys.length);
  });

  test('the events of one revision become one local commit, with its position', async () => {
    const [writer, replica] = [await fleet.open(), await fleet.open()];
    const seen = new Map<number, Set<string>>();
    let stopped = false;
    const watching = (async () => {
      while (!stopped) {
        replica.view((batch) => {
          const { revision } = positionOf(batch) ?? { revision: 0 };
          const state = JSON.stringify([batch.tryGet(a)?.toString(), batch.tryGet(b)?.toString()]);
          seen.set(revision, (seen.get(revision) ?? new Set()).add(state));
        });
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    for (let i = 0; i < 30; i++) {
      await writer.update((batch) => {
        batch.put(a, String(i));
        batch.put(b, String(i));
      });
    }
    await replica.sync();
    stopped = true;
    await watching;
    expect(seen.size).toBeGreaterThan(5);
    for (const states of seen.values()) {
      expect(states.size).toBe(1);
      const [x, y] = JSON.parse([...states][0] as string);
      expect(x).toBe(y);
    }
  });

  test('iterations leave the position out', async () => {
    const replica = await fleet.open();
    await replica.update((batch) => batch.put(a, '1'));
    const keys: string[] = [];
    replica.view((batch) => {
      batch.forEach((key) => void keys.push(String(key)));
    });
    expect(keys).toEqual(['a']);
    await replica.update((batch) => {
      expect([...batch].map(([key]) => String(key))).toEqual(['a']);
      batch.begin(Key.of('p')).forEach((key) => {
        expect(String(key)).toBe('a');
      });
    });
    expect(replica.view((batch) => positionOf(batch)?.revision)).toBe(replica.status().revision);
  });

  test('a lost revision is noticed at the next one, and all is loaded afresh', async () => {
    const writer = await fleet.open();
    const lose = (original: Follow) =>
      function (
        this: unknown,
        from: number,
        followed: (r: Revisions) => unknown,
        signal: AbortSignal,
      ) {
        let lost = false;
        const filtered = (revisions: Revisions) => {
          const rest = lost ? revisions : revisions.slice(1);
          lost = true;
          return followed(rest);
        };
        return original.call(this, from, filtered, signal);
      };
    await planted('follow', lose, async () => {
      const replica = await fleet.open();
      await writer.update((batch) => batch.put(a, 'lost'));
      await writer.update((batch) => batch.put(b, 'seen'));
      await replica.sync();
      expect(contents(replica)).toEqual({ a: 'lost', b: 'seen' });
      expect(replica.status().loads).toBe(2);
    });
  });

  test('a lost event of a revision is noticed by the number of puts', async () => {
    const writer = await fleet.open();
    const lose = (original: Follow) =>
      function (
        this: unknown,
        from: number,
        followed: (r: Revisions) => unknown,
        signal: AbortSignal,
      ) {
        let lost = false;
        const filtered = (revisions: Revisions) => {
          if (lost) return followed(revisions);
          lost = true;
          return followed(revisions.map((r) => ({ ...r, events: r.events.slice(0, -1) })));
        };
        return original.call(this, from, filtered, signal);
      };
    await planted('follow', lose, async () => {
      const replica = await fleet.open();
      await writer.update((batch) => {
        batch.put(a, '1');
        batch.put(b, '2');
      });
      await replica.sync();
      expect(contents(replica)).toEqual({ a: '1', b: '2' });
      expect(replica.status().loads).toBe(2);
    });
  });

  test('a lost revision is noticed without a next one', async () => {
    const writer = await fleet.open();
    let lost = 0;
    const lose = (original: Follow) =>
      function (this: unknown, from: number, _: unknown, signal: AbortSignal) {
        return original.call(this, from, () => void lost++, signal);
      };
    const replica = await planted('follow', lose, async () => {
      const replica = await fleet.open();
      await sleep(200);
      await writer.update((batch) => batch.put(a, 'lost'));
      await until(() => lost > 0);
      return replica;
    });
    await until(() => replica.view((batch) => batch.has(a)));
  });

  test('a bound on lag is kept: stale data is refused, and read without the bound', async () => {
    const replica = await fleet.open();
    await replica.sync();
    expect(replica.view(() => 'read', { maxLagMs: 5000 })).toBe('read');
    expect(() => replica.view(() => 'read', { maxLagMs: 0 })).toThrow(ReplicaStaleError);
    expect(replica.view(() => 'read')).toBe('read');
  });

  test('after a compaction past its position, a replica loads afresh', async () => {
    const writer = await fleet.open();
    await writer.update((batch) => {
      batch.put(a, '1');
      batch.put(b, '1');
    });
    const stop = new AbortController();
    const broken = (original: Follow) =>
      async function (
        this: unknown,
        from: number,
        followed: (r: Revisions) => unknown,
        signal: AbortSignal,
      ) {
        if (!stop.signal.aborted) throw new Error('planted: no watch');
        return original.call(this, from, followed, signal);
      };
    await planted('follow', broken, async () => {
      const replica = await fleet.open();
      await writer.update((batch) => batch.delete(a));
      await writer.update((batch) => batch.put(b, '2'));
      const { header } = await fleet.cluster.call('kv/range', { key: btoa('x') });
      await fleet.cluster.call('kv/compaction', { revision: header.revision });
      stop.abort();
      await replica.sync();
      expect(contents(replica)).toEqual({ b: '2' });
      expect(replica.status().loads).toBe(2);
    });
  });

  test('a compaction during a load begins it again, and nothing of the first try stays', async () => {
    const writer = await fleet.open();
    for (let i = 0; i < 4; i++) {
      await writer.update((batch) => {
        for (let n = 0; n < 100; n++) batch.put(Key.of('r', uint(i), uint(n)), 'x');
      });
    }
    let loads = 0;
    const compacting = (
      original: (limits: unknown) => Promise<{ pages: AsyncIterable<unknown> }>,
    ) =>
      async function (this: unknown, limits: unknown) {
        const snapshot = await original.call(this, limits);
        if (loads++ > 0) return snapshot;
        return {
          ...snapshot,
          pages: (async function* () {
            let first = true;
            for await (const page of snapshot.pages) {
              yield page;
              if (!first) continue;
              first = false;
              await writer.update((batch) => {
                for (let n = 0; n < 100; n++) batch.delete(Key.of('r', uint(n % 4), uint(n)));
              });
              const { header } = await fleet.cluster.call('kv/range', { key: btoa('x') });
              await fleet.cluster.call('kv/compaction', { revision: header.revision });
            }
          })(),
        };
      };
    const replica = await planted('snapshot', compacting, () => fleet.open());
    expect(loads).toBe(2);
    expect(contents(replica)).toEqual(contents(writer));
    expect(Object.keys(contents(replica))).toHaveLength(300);
  });
});

describe.skipIf(ETCD_SKIPPED)('a cluster that went back', () => {
  test('a wiped cluster is refused, and the local data is still there', async () => {
    await using cluster = await TestCluster.start();
    const { endpoints } = cluster;
    await using replica = await Replica.open({ endpoints, namespace: 'n/' });
    for (let i = 0; i < 3; i++) await replica.update((batch) => batch.put(Key.of('a'), String(i)));
    const [server] = cluster.servers as [TestCluster['servers'][number]];
    await server.kill();
    rmSync(server.folder, { recursive: true });
    server.start();
    await until(() => replica.status().state === 'reverted');
    await expect(replica.sync()).rejects.toThrow(ClusterRevertedError);
    await expect(replica.update((batch) => batch.put(Key.of('a'), 'x'))).rejects.toThrow(
      ClusterRevertedError,
    );
    expect(contents(replica)).toEqual({ a: '2' });
  });
});
