import { Key } from 'accumulate-memdb';
import { Replica, type ReplicaOptions } from 'accumulate-memdb/fleet';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/engines.js';
import { ETCD_SKIPPED, TestCluster } from './server.mjs';

describe.skipIf(ETCD_SKIPPED).each(ENGINES)(`a replica (%s) ${ETCD_SKIPPED ?? ''}`, (engine) => {
  let cluster: TestCluster;
  const opened: Replica[] = [];
  let namespaces = 0;

  beforeAll(async () => {
    cluster = await TestCluster.start();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((replica) => replica.close()));
    namespaces++;
  });
  afterAll(() => cluster.stop());

  async function open(options: Partial<ReplicaOptions> = {}): Promise<Replica> {
    const namespace = `test${namespaces}/`;
    const { endpoints } = cluster;
    const replica = await Replica.open({ endpoints, namespace, engine, ...options });
    opened.push(replica);
    return replica;
  }

  test('an update is in the local data when it returns', async () => {
    const replica = await open();
    const result = await replica.update((batch) => {
      batch.put(Key.of('a'), 'one');
      return batch.get(Key.of('a')).toString();
    });
    expect(result).toBe('one');
    expect(replica.view((batch) => batch.get(Key.of('a')).toString())).toBe('one');
  });
});
