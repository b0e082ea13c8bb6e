import { EncodingError, Key } from '../../index.js';

const PERCENT = 0x25;

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

/**
 * Returns the binary form of a record's key. Throws `EncodingError` that names the key if it has none, or
 * if reading would make it the key of another record.
 */
export function encodeKey(key: Key): Buffer {
  try {
    const bytes = key.encode();
    // Only a URL may be read back as another one: if its text lost escapes.
    if (!bytes.includes(PERCENT) || Key.decode(bytes).digest().equals(key.digest())) return bytes;
  } catch (cause) {
    throw new EncodingError(`the record ${key}: ${(cause as Error).message}`, { cause });
  }
  throw new EncodingError(`the record ${key}: its URL has no text that is read back as this URL`);
}
