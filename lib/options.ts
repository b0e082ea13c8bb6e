import { show } from './record/show.js';

/** Throws a `TypeError` unless `options` is an object that has no options but `known`. */
export function checkOptions(of: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`the options of ${of} must be an object, not ${show(options)}`);
  }
  // A loop, because an array of the names would be a part of the cost of a small transaction.
  for (const name in options) {
    if (known.includes(name) || !Object.hasOwn(options, name)) continue;
    throw new TypeError(`${of} has no option ${show(name)}; there is ${known.join(' and ')}`);
  }
}

/** Returns the value of option `name`. Throws a `TypeError` unless it is a number of `least` or more. */
export function checkNumber(name: string, value: number, least = 0): number {
  if (typeof value === 'number' && value >= least) return value;
  throw new TypeError(`option ${name} must be a number of ${least} or more, not ${show(value)}`);
}

/** Returns option `timeoutMs`, or undefined if it is not set. Throws a `TypeError` for anything but a time. */
export function checkTimeout({ timeoutMs }: { timeoutMs?: number }): number | undefined {
  return timeoutMs === undefined ? undefined : checkNumber('timeoutMs', timeoutMs);
}

/** Returns option `signal`, or undefined if it is not set. Throws a `TypeError` for anything but a signal. */
export function checkSignal({ signal }: { signal?: AbortSignal }): AbortSignal | undefined {
  // A signal of another realm or of a library is no instance of this realm's class.
  if (signal === undefined || typeof signal?.addEventListener === 'function') return signal;
  throw new TypeError(`option signal must be an AbortSignal, not ${show(signal)}`);
}
