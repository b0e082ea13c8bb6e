/**
 * The clock and the timers of Node, taken when the package is loaded. If a test library replaces the globals
 * later, that changes neither time-outs nor when memory is freed.
 */
import { performance } from 'node:perf_hooks';
import * as timers from 'node:timers';

/** Milliseconds since `timeOrigin`, on a clock that never goes back. */
export const now: () => number = performance.now.bind(performance);

/** When this thread's clock began: milliseconds since 1970. */
export const { timeOrigin } = performance;

export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate } = timers;
