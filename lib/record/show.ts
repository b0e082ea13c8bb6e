import { type InspectOptions, inspect, TextEncoder } from 'node:util';
import { KEY, PART } from './brand.js';

/** The most characters of a value that a message shows. */
const MOST = 100;

const encoder = new TextEncoder();
const room = new Uint8Array(1000);

/** A value in a message: on one line, at most 100 characters, whatever it is. */
export function show(value: unknown): string {
  try {
    return shorten(isOurs(value) ? `${value.constructor.name} ${value}` : inspectBriefly(value));
  } catch {
    // A getter or a toString of the value threw.
    return `a value of type ${typeof value}`;
  }
}

/** What `console.log` shows of an object with state: the name of its class, and `fields`. */
export function showObject(
  name: string,
  fields: object,
  depth: number,
  options: InspectOptions,
): string {
  return depth < 0 ? `[${name}]` : `${name} ${inspect(fields, options)}`;
}

/** The text, or its beginning and `...` if it has more than 100 characters. */
export function shorten(text: string): string {
  return text.length <= MOST ? text : `${text.slice(0, MOST - 3)}...`;
}

/** The message, or its beginning and `...` if it has more than 1,000 bytes. */
export function limit(message: string): string {
  if (message.length * 3 <= room.length) return message;
  const { read } = encoder.encodeInto(message, room);
  return read === message.length ? message : `${message.slice(0, read)}...`;
}

function inspectBriefly(value: unknown): string {
  return inspect(value, {
    depth: 0,
    customInspect: false,
    maxArrayLength: 4,
    maxStringLength: MOST,
    breakLength: Number.POSITIVE_INFINITY,
  });
}

function isOurs(value: unknown): value is object {
  return typeof value === 'object' && value !== null && (KEY in value || PART in value);
}
