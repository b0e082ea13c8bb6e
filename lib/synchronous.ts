import { types } from 'node:util';
import { show } from './record/show.js';

/** What a function returns that is no promise: the compiler refuses a function whose result is one. */
export type Synchronous<T> = T & (T extends PromiseLike<unknown> ? never : unknown);

/** Throws a `TypeError` unless the argument of `method` is a function. */
export function checkFunction(method: string, fn: unknown): void {
  if (typeof fn !== 'function') {
    throw new TypeError(`the argument of ${method} must be a function, not ${show(fn)}`);
  }
}

/** Returns what the function of `method` returned; throws a `TypeError` if that is a promise. */
export function refusePromise<T>(method: string, result: T): T {
  if (result === undefined || result === null) return result;
  const { then } = result as { then?: unknown };
  if (typeof then !== 'function') return result;
  // The error thrown here is the one to see.
  if (types.isPromise(result)) result.catch(() => {});
  throw new TypeError(
    `the function of ${method} must be synchronous, and it returned a promise; ` +
      `await first, then call ${method} with the results`,
  );
}
