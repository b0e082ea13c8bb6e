import { performance } from 'node:perf_hooks';

// Taken at load: a test library that replaces the clocks of its tests changes nothing here.
const { timeOrigin } = performance;
const sinceOrigin = performance.now.bind(performance);

/** The time in ms, the same in all threads. It never goes back. */
export function now(): number {
  return timeOrigin + sinceOrigin();
}
