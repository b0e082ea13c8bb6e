import { type ServiceError, status } from '@grpc/grpc-js';

/**
 * What a failed call means:
 *
 * - `unreachable`: no answer, or none that says what happened. A commit may have gone through.
 * - `busy`: the server had too much to do and did not start.
 * - `full`: the quota is used up. A commit may have gone through all the same.
 * - `tooLarge`: the server takes no request of this size.
 * - `lease`: the lease has expired.
 * - `compacted`: the revision is no longer kept, or does not exist yet.
 * - `token`: the session of the user has ended.
 * - `access`: the user, the password or the permissions are wrong.
 */
export type FailureKind =
  | 'unreachable'
  | 'busy'
  | 'full'
  | 'tooLarge'
  | 'lease'
  | 'compacted'
  | 'token'
  | 'access';

/** A call that failed. It does not leave `lib/fleet`, except as the cause of an error. */
export class CallFailure extends Error {
  constructor(
    readonly kind: FailureKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Texts of etcd. It has only these to tell apart failures that share a gRPC status. */
const TEXTS: readonly (readonly [text: string, kind: FailureKind])[] = [
  ['database space exceeded', 'full'],
  ['too many operations', 'tooLarge'],
  ['request is too large', 'tooLarge'],
  ['received message larger than max', 'tooLarge'],
  ['too many requests', 'busy'],
  ['requested lease not found', 'lease'],
  ['invalid auth token', 'token'],
  ['revision of auth store is old', 'token'],
  ['user name is empty', 'access'],
  ['authentication failed', 'access'],
  ['authentication is not enabled', 'access'],
  ['permission denied', 'access'],
];

/** Returns the failure that an error of the gRPC client stands for. */
export function failureOf(error: ServiceError): CallFailure {
  const { code, details } = error;
  return new CallFailure(kindOf(code, details ?? ''), details || error.message, { cause: error });
}

function kindOf(code: number, details: string): FailureKind {
  const known = TEXTS.find(([text]) => details.includes(text));
  if (known) return known[1];
  if (code === status.OUT_OF_RANGE) return 'compacted';
  if (code === status.UNAUTHENTICATED) return 'token';
  if (code === status.PERMISSION_DENIED) return 'access';
  return 'unreachable';
}
