import { Limits } from '../clock.js';
import { Cluster } from '../etcd/cluster.js';
import { Layout } from '../layout.js';
import { checkReplicaOptions, type ReplicaOptions } from '../options.js';

/** What one server says. */
export interface ServerStatus {
  readonly endpoint: string;
  readonly version?: string;
  readonly bytes?: number;
  readonly leads?: boolean;
  /** Why it says nothing. */
  readonly problem?: string;
}

/** The state of a cluster, and of one namespace. */
export interface ClusterStatus {
  readonly servers: readonly ServerStatus[];
  readonly namespace: string;
  readonly revision: number;
  readonly commits: number;
  readonly lastCommit: number;
}

/** Asks every server for its state, and one for the namespace. Throws `FleetUnavailableError` if no server does. */
export async function status(options: ReplicaOptions): Promise<ClusterStatus> {
  const checked = checkReplicaOptions(options);
  const { namespace, timeoutMs, endpoints } = checked;
  const layout = new Layout(namespace);
  const cluster = new Cluster(layout, checked);
  try {
    const servers = await Promise.all(
      endpoints.map((url) =>
        serverStatus(new Cluster(layout, { ...checked, endpoints: [url] }), url),
      ),
    );
    const head = await cluster.fresh(new Limits(timeoutMs));
    return {
      servers,
      namespace,
      revision: head.now,
      commits: head.version,
      lastCommit: head.revision,
    };
  } finally {
    cluster.close();
  }
}

/** How long one server may take, ms. */
const SERVER_MS = 2000;

async function serverStatus(server: Cluster, { href: endpoint }: URL): Promise<ServerStatus> {
  try {
    const { header, version, dbSize, leader } = await server.status(new Limits(SERVER_MS));
    return { endpoint, version, bytes: dbSize, leads: leader === header.member_id };
  } catch (error) {
    return { endpoint, problem: (error as Error).message };
  } finally {
    server.close();
  }
}
