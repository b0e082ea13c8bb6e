import { KEY, PART } from './brand.js';
import { InvalidKeyError } from './errors.js';
import { show } from './show.js';

/*
 * Errors for values that are not keys, parts or hashes. Each message says what was probably meant.
 */

/** For something else in the place of a key. `what` is that place: `a key`, `a prefix`. */
export function notKey(value: unknown, what: string): TypeError {
  const wanted = what === 'a key' ? 'a Key' : 'a Key or null';
  return new TypeError(`${what} must be ${wanted}, not ${show(value)}${keyAdvice(value, what)}`);
}

function keyAdvice(value: unknown, what: string): string {
  if (typeof value === 'boolean') {
    return what === 'a prefix' ? '; for a writable batch write begin(null, true)' : '';
  }
  if (typeof value === 'string' || typeof value === 'bigint' || Number.isSafeInteger(value)) {
    return `; write Key.of(${show(value)})`;
  }
  if (Array.isArray(value)) return '; write Key.of(...parts)';
  if (wasPosted(value)) return `; ${POSTED}`;
  if (ArrayBuffer.isView(value)) {
    return '; write Key.of(bytes) for a key with this part, Key.decode(bytes) for a binary key';
  }
  return typeof value === 'object' && value !== null && PART in value ? '; write Key.of(part)' : '';
}

/** For a value that is no part of a key. `index` is its place. */
export function notPart(value: unknown, index: number): InvalidKeyError {
  return new InvalidKeyError(`part ${index}: ${partMistake(value)}`);
}

function partMistake(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    if (KEY in value) {
      return `${show(value)} is a Key; use key.append(...) or key.appendKey(key)`;
    }
    if (wasPosted(value)) return `${show(value)} is not a part of a key; ${POSTED}`;
    if (Array.isArray(value)) return `${show(value)} is an array; write Key.of(...parts)`;
  }
  if (typeof value === 'number') {
    const other = Number.isInteger(value) ? 'a bigint' : 'an integer or a string';
    return `${show(value)} is not a safe integer; write ${other}`;
  }
  if (typeof value === 'bigint') return `${show(value)} is not an integer of 64 bits`;
  return `${show(value)} is of no type that a key can hold; write a string, an integer or a Uint8Array`;
}

/** For a key with a part that cannot be hashed: a time or a transaction id. */
export function notHashable(part: object): InvalidKeyError {
  const advice =
    'hash' in part
      ? 'a transaction id; write hash(id.hash) in its place'
      : 'a time; write its seconds as an integer in its place';
  return new InvalidKeyError(`a key cannot be hashed with ${show(part)}, ${advice}`);
}

/** For something else than 32 bytes. `call` is the function that they are for, if it takes nothing else. */
export function not32Bytes(value: unknown, call?: string): InvalidKeyError {
  const hex = typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value);
  const bytes = "Buffer.from(text, 'hex')";
  const advice = hex ? `; for hex write ${call === undefined ? bytes : `${call}(${bytes})`}` : '';
  return new InvalidKeyError(`32 bytes are needed, not ${show(value)}${advice}`);
}

const POSTED = 'Keys lose their class in postMessage; send key.encode() and use Key.decode';

/** Whether the value looks like what a Key becomes when it is posted to another thread. */
function wasPosted(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !(KEY in value) &&
    'base' in value &&
    'list' in value &&
    'stored' in value
  );
}
