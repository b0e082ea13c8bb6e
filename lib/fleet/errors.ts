import { type Key, MemDBError } from '../index.js';
import { nameErrors } from '../record/errors.js';

/** No server of the cluster could do what was asked, in the time that was given. `cause` is the last failure. */
export class FleetUnavailableError extends MemDBError {
  static {
    nameErrors(FleetUnavailableError, 'FleetUnavailableError');
  }
  readonly code = 'ERR_FLEET_UNAVAILABLE';
}

/** The cluster refuses the user, the password, or what the user may do. */
export class FleetAccessError extends MemDBError {
  static {
    nameErrors(FleetAccessError, 'FleetAccessError');
  }
  readonly code = 'ERR_FLEET_ACCESS';
}

/**
 * The cluster no longer has the history that the replica has followed: it was wiped, or restored from a
 * backup. The replica keeps its data and follows no further.
 */
export class ClusterRevertedError extends MemDBError {
  static {
    nameErrors(ClusterRevertedError, 'ClusterRevertedError');
  }
  readonly code = 'ERR_CLUSTER_REVERTED';
}

/** The local data is older than the caller accepts. */
export class ReplicaStaleError extends MemDBError {
  static {
    nameErrors(ReplicaStaleError, 'ReplicaStaleError');
  }
  readonly code = 'ERR_REPLICA_STALE';
}

/** The quota of the cluster is used up. Nothing was changed. */
export class StoreFullError extends MemDBError {
  static {
    nameErrors(StoreFullError, 'StoreFullError');
  }
  readonly code = 'ERR_STORE_FULL';
}

/** A batch has more records or bytes than one transaction of the cluster takes. Nothing was sent. */
export class BatchTooLargeError extends MemDBError {
  static {
    nameErrors(BatchTooLargeError, 'BatchTooLargeError');
  }
  readonly code = 'ERR_BATCH_TOO_LARGE';
}

/** Whether a commit took effect could not be found out in time. */
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

/** What an update read has changed, again and again until its time was over. Nothing was changed. */
export class ConflictError extends MemDBError {
  static {
    nameErrors(ConflictError, 'ConflictError');
  }
  readonly code = 'ERR_CONFLICT';
  /** Some of the keys that were read and have changed. */
  readonly keys: readonly Key[];

  constructor(keys: readonly Key[], message: string) {
    super(message);
    this.keys = keys;
  }
}
