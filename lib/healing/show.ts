import { type InspectOptions, inspect } from 'node:util';

/** Returns what `console.log` shows of an object: the name of its class, and `fields`. */
export function show(name: string, fields: object, depth: number, options: InspectOptions): string {
  if (depth < 0) return `[${name}]`;
  return `${name} ${inspect(fields, options)}`;
}

/** Returns the bytes as hex. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
