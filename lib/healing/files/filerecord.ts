import type { Key } from '../../index.js';

/**
 * A record of a file.
 * @see readRecords
 */
export interface FileRecord {
  readonly key: Key;
  readonly value: Uint8Array;
}

/** A record of a file, or the deletion of one. @internal */
export interface FileChange {
  readonly key: Key;
  /** Undefined if there is no record with this key. */
  readonly value: Uint8Array | undefined;
}

/**
 * Options of `readRecords` and `readSnapshot`.
 * @see readRecords
 */
export interface ReadOptions {
  /** Called with a sentence for each thing in the file that was not read, or not checked. */
  readonly onNote?: (note: string) => void;
}
