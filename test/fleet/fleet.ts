import { createRequire } from 'node:module';
import type { Key } from 'accumulate-memdb';
import { Replica, type ReplicaOptions } from 'accumulate-memdb/fleet';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { ENGINES } from '../support/engines.js';
import { ETCD_SKIPPED, TestCluster } from './server.mjs';

/** What tests of a cluster use. Each test has a namespace of its own. */
export interface Fleet {
  readonly cluster: TestCluster;
  readonly namespace: string;
  /** Opens a replica, which is closed after the test. */
  open(options?: Partial<ReplicaOptions>): Promise<Replica>;
}

/** Starts servers for some tests, and runs these for each engine of the replicas. */
export function describeFleet(
  title: string,
  { nodes = 1, args = [] as string[], engines = ENGINES as readonly string[] },
  tests: (fleet: Fleet) => void,
) {
  const name = ETCD_SKIPPED ? `${title} (skipped: ${ETCD_SKIPPED})` : title;
  describe.skipIf(ETCD_SKIPPED)(name, () => {
    let cluster: TestCluster;
    let namespaces = 0;
    const opened: Replica[] = [];
    beforeAll(async () => {
      cluster = await TestCluster.start(nodes, { args });
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((replica) => replica.close()));
      namespaces++;
    });
    afterAll(() => cluster?.stop());

    describe.each(engines)('%s', (engine) => {
      tests({
        get cluster() {
          return cluster;
        },
        get namespace() {
          return `test${namespaces}/`;
        },
        async open(options = {}) {
          const replica = await Replica.open({
            endpoints: cluster.endpoints,
            namespace: this.namespace,
            engine: engine as 'native' | 'fallback',
            ...options,
          });
          opened.push(replica);
          return replica;
        },
      });
    });
  });
}

/** The records that a replica shows, as text. */
export function contents(replica: Replica): Record<string, string> {
  return replica.view((batch) =>
    Object.fromEntries([...batch].map(([key, value]) => [String(key), value.toString()])),
  );
}

/** The number in a record; 0 without one. */
export function numberOf(batch: { tryGet(key: Key): Uint8Array | undefined }, key: Key): number {
  return Number(batch.tryGet(key) ?? 0);
}

export async function until(condition: () => boolean, timeoutMs = 20_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms for ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

// biome-ignore lint/suspicious/noExplicitAny: the inside of the package, which has no public types
type Inside = any;

/** The adapter, from inside: faults are planted in it that no server can be made to have. */
const require = createRequire(import.meta.url);
const { Cluster } = require('../../dist/lib/fleet/etcd/cluster.js') as Inside;
export const { CallFailure } = require('../../dist/lib/fleet/etcd/failure.js') as Inside;
export const { Txn } = require('../../dist/lib/fleet/etcd/messages.js') as Inside;

/** Replaces a method of the adapter while `during` runs. */
export async function planted<T>(
  method: string,
  replacement: (original: Inside) => Inside,
  during: () => Promise<T>,
): Promise<T> {
  const original = Cluster.prototype[method];
  Cluster.prototype[method] = replacement(original);
  try {
    return await during();
  } finally {
    Cluster.prototype[method] = original;
  }
}
