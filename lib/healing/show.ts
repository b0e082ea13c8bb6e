export { showObject as show } from '../record/show.js';

/** Returns the bytes as hex. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
