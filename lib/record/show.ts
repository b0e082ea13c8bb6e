import { inspect } from 'node:util';

/** A value in a message: on one line, short, and whatever it is. */
export function show(value: unknown): string {
  return inspect(value, {
    depth: 0,
    customInspect: false,
    maxArrayLength: 4,
    maxStringLength: 80,
    breakLength: Number.POSITIVE_INFINITY,
  });
}
