/**
 * The clock and the timers of Node, taken when the package is loaded. If a test library replaces the globals
 * later, jobs still measure real times, report their progress and go on.
 */
import { performance } from 'node:perf_hooks';
import * as timers from 'node:timers';
import * as promises from 'node:timers/promises';

/** Milliseconds on a clock that never goes back. */
export const now: () => number = performance.now.bind(performance);

export const { setInterval, clearInterval } = timers;

/** Returns a promise that resolves once the event loop has turned. */
export const nextTurn: () => Promise<void> = promises.setImmediate;
