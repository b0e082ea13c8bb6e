import * as crypto from 'node:crypto';

// The one-shot form costs half of a hash object but came only with Node 20.12.
const oneShot = (crypto as { hash?: typeof crypto.hash }).hash;

/** SHA-256 of bytes or of a string's UTF-8: 32 bytes. */
export const sha256: (data: Uint8Array | string) => Buffer = oneShot
  ? (data) => oneShot('sha256', data, 'buffer')
  : (data) => crypto.createHash('sha256').update(data).digest();
