import type { LayoutName } from '../harness/data.js';
import type { Longest } from './longest.js';
import type { Times } from './stopwatch.js';

/** What a thread is started with. */
export interface Assignment {
  readonly handle: SharedArrayBuffer;
  readonly layout: LayoutName;
  readonly size: number;
  /** The seed of the keys that it picks. */
  readonly seed: number;
  /** One word: 1 while a task that runs until it is stopped is to go on. */
  readonly going: SharedArrayBuffer;
}

/**
 * What `reader.ts` does.
 *
 * `rate`: reads for `time` milliseconds while nobody writes; returns nanoseconds a read.
 * `latencies`: adds the time of each single read to `times`; returns `Stopwatch.longestRunning`.
 * `clock`: the same with nothing between the two readings of the clock.
 * `read`: replies once it reads, goes on until it is stopped, and replies again.
 */
export type ReaderTask =
  | { readonly kind: 'rate'; readonly time: number }
  | { readonly kind: 'latencies' | 'clock'; readonly time: number; readonly times: Times }
  | { readonly kind: 'read' };

/**
 * What `writer.ts` does.
 *
 * `write`: replies once it commits, goes on until it is stopped, and replies again.
 * `time`: commits for `time` milliseconds and times each call; returns `Writes`.
 */
export type WriterTask =
  | { readonly kind: 'write' }
  | { readonly kind: 'time'; readonly time: number };

/** The reply to `time`. */
export interface Writes {
  /** Blocks a second. */
  readonly rate: number;
  /** The commit alone; the puts come before it. */
  readonly commit: Longest;
  /** The update with its puts. */
  readonly update: Longest;
}

/**
 * What `hotkey.ts` does.
 *
 * `hold`: opens batches as `hold` does and keeps them; returns how many there are.
 * `update`: replies once it updates the key, goes on until it is stopped, and returns `Longest`.
 */
export type HotKeyTask =
  | { readonly kind: 'hold'; readonly count: number; readonly limit: number }
  | { readonly kind: 'update' };
