import { Key, type ReadBatch } from '../index.js';

/**
 * Up to where a snapshot of a replica's data has followed the cluster.
 * @see positionOf
 */
export interface Position {
  /** The revision of the cluster that the data is of. */
  readonly revision: number;
  /** The revision of the last commit to the namespace that is in the data; 0 if there was none. */
  readonly headRevision: number;
  /** How many commits to the namespace there had been. */
  readonly version: number;
}

/** The record in which each commit to the local data says its position. Iterations of replicas leave it out. */
export const POSITION = Key.of('accumulate-memdb', 'fleet', 'position');

const SIZE = 24;

export function encodePosition({ revision, headRevision, version }: Position): Uint8Array {
  return new Uint8Array(Float64Array.of(revision, headRevision, version).buffer);
}

/**
 * Returns the position of what the batch sees; undefined before anything was loaded.
 * Throws what the batch's `tryGet` throws.
 * @example
 * ```ts
 * const revision = (replica: Replica) => replica.view((b) => positionOf(b)?.revision);
 * db.view(positionOf); // undefined
 * ```
 */
export function positionOf(batch: ReadBatch): Position | undefined {
  const value = batch.tryGet(POSITION);
  if (value === undefined) return undefined;
  const [revision, headRevision, version] = [0, 8, 16].map((at) => value.readDoubleLE(at));
  return { revision, headRevision, version } as Position;
}

/** Whether a pair of an iteration is the position. */
export function isPosition(key: Key, value: Uint8Array): boolean {
  // Most values have another size, and then the parts of the key are not needed.
  return value.length === SIZE && key.equals(POSITION);
}
