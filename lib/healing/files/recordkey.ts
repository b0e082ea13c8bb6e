import { EncodingError, Key } from '../../index.js';

/**
 * Returns the key of a record from its binary form. Throws `EncodingError` that begins with `what` if
 * the bytes are not a key, or the key cannot be hashed: no store can hold it.
 */
export function decodeKey(bytes: Uint8Array, what: string): Key {
  try {
    const key = Key.decode(bytes);
    key.digest();
    return key;
  } catch (cause) {
    throw new EncodingError(`${what}: ${(cause as Error).message}`, { cause });
  }
}
