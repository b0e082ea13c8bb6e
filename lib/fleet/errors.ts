import { MemDBError } from '../index.js';
import { nameErrors } from '../record/errors.js';

/**
 * No server of the cluster could do what was asked, in the time that was given. `cause` is the last failure.
 * @remarks
 * Reads go on with the data that is there. Try the update again later, and look at the servers and the network:
 * `replica.status().problem` is the last failure.
 * @example
 * ```ts
 * async function tryToSync(replica: Replica) {
 *   try {
 *     await replica.sync({ timeoutMs: 1000 });
 *   } catch (error) {
 *     if (!(error instanceof FleetUnavailableError)) throw error;
 *     console.warn(error.message, replica.status().endpoint);
 *   }
 * }
 * ```
 */
export class FleetUnavailableError extends MemDBError {
  static {
    nameErrors(FleetUnavailableError, 'FleetUnavailableError');
  }
  readonly code = 'ERR_FLEET_UNAVAILABLE';
}

/**
 * The cluster refuses the user, the password, or what the user may do.
 * @remarks
 * Compare the options `user` and `password` with the users of the cluster, and what their roles allow.
 * @example
 * ```ts
 * const options = { endpoints: ['https://10.0.0.1:2379'], namespace: 'healing/', user: 'healer' };
 *
 * function open() {
 *   return Replica.open({ ...options, password: process.env.ETCD_PASSWORD ?? '' });
 * }
 * ```
 */
export class FleetAccessError extends MemDBError {
  static {
    nameErrors(FleetAccessError, 'FleetAccessError');
  }
  readonly code = 'ERR_FLEET_ACCESS';
}

/**
 * The cluster no longer has the history that the replica has followed: it was wiped, or restored from a
 * backup. The replica keeps its data and follows no further.
 * @remarks
 * Find out what happened to the cluster. Then close the replica and open another one, which loads everything afresh.
 * @example
 * ```ts
 * async function reopen(replica: Replica, options: ReplicaOptions) {
 *   if (replica.status().state !== 'reverted') return replica;
 *   await replica.close();
 *   return Replica.open(options);
 * }
 * ```
 */
export class ClusterRevertedError extends MemDBError {
  static {
    nameErrors(ClusterRevertedError, 'ClusterRevertedError');
  }
  readonly code = 'ERR_CLUSTER_REVERTED';
}

/**
 * The local data is older than the caller accepts.
 * @remarks
 * Await `replica.sync()` first, allow more by `maxLagMs`, or leave it out to read whatever is there.
 * @example
 * ```ts
 * function recent(replica: Replica) {
 *   try {
 *     return replica.view((b) => b.tryGet(Key.of('height')), { maxLagMs: 5000 });
 *   } catch (error) {
 *     if (!(error instanceof ReplicaStaleError)) throw error;
 *     return undefined;
 *   }
 * }
 * ```
 */
export class ReplicaStaleError extends MemDBError {
  static {
    nameErrors(ReplicaStaleError, 'ReplicaStaleError');
  }
  readonly code = 'ERR_REPLICA_STALE';
}

/**
 * The quota of the cluster is used up. Nothing was changed.
 * @remarks
 * Give the cluster a larger quota (`--quota-backend-bytes`), or compact and defragment it. Then try again.
 * @example
 * ```ts
 * async function isFull(replica: Replica) {
 *   const update = replica.update((b) => b.put(Key.of('k'), 'v'));
 *   return update.then(() => false, (error) => error instanceof StoreFullError);
 * }
 * ```
 */
export class StoreFullError extends MemDBError {
  static {
    nameErrors(StoreFullError, 'StoreFullError');
  }
  readonly code = 'ERR_STORE_FULL';
}

/**
 * A batch has more records or bytes than one transaction of the cluster takes. Nothing was sent.
 * @remarks
 * Write less at once, in several updates. Or raise `maxOps` and `maxBytes`, here and on the servers.
 * @example
 * ```ts
 * async function putAll(replica: Replica, values: string[]) {
 *   for (let from = 0; from < values.length; from += 50) {
 *     const some = values.slice(from, from + 50);
 *     await replica.update((b) => some.forEach((value, n) => b.put(Key.of('v', uint(from + n)), value)));
 *   }
 * }
 * ```
 */
export class BatchTooLargeError extends MemDBError {
  static {
    nameErrors(BatchTooLargeError, 'BatchTooLargeError');
  }
  readonly code = 'ERR_BATCH_TOO_LARGE';
}

/**
 * Whether a commit took effect could not be found out in time.
 * @remarks
 * Sync, and read what the update wrote. Do it again if that is missing, or if doing it twice does no harm.
 * @example
 * ```ts
 * async function once(replica: Replica, key: Key, value: string) {
 *   try {
 *     await replica.update((b) => b.put(key, value));
 *   } catch (error) {
 *     if (!(error instanceof UnknownOutcomeError)) throw error;
 *     await replica.sync();
 *     if (!replica.view((b) => b.has(key))) await replica.update((b) => b.put(key, value));
 *   }
 * }
 * ```
 */
export class UnknownOutcomeError extends MemDBError {
  static {
    nameErrors(UnknownOutcomeError, 'UnknownOutcomeError');
  }
  readonly code = 'ERR_UNKNOWN_OUTCOME';
  /** Names the commit, as its writer's slot in the cluster does. */
  readonly id: string;

  constructor(id: string, options?: ErrorOptions) {
    super(
      `whether commit ${id} took effect could not be found out in time; read what it wrote before doing it again`,
      options,
    );
    this.id = id;
  }
}
