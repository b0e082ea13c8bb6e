import { now as sinceOrigin, timeOrigin } from '../clock.js';

/** The time in ms in the 32 bits of a word. It is never 0. */
export function moment(): number {
  return (now() % 2 ** 32) | 0 || 1;
}

/** How many ms ago a moment was, if that is not weeks. */
export function since(past: number): number {
  return (moment() - past) | 0;
}

/** The time in ms, the same in all threads. It never goes back. */
export function now(): number {
  return timeOrigin + sinceOrigin();
}
