import { limit } from './show.js';

/**
 * The base of every error that this package throws on purpose. Wrong types of arguments are plain
 * `TypeError`s.
 * @remarks
 * Catch it to handle all errors of the package alike, and look at `code` to tell them apart. Do not depend on
 * messages.
 * @example
 * ```ts
 * try {
 *   db.view((b) => b.get(Key.of('missing')));
 * } catch (error) {
 *   if (!(error instanceof MemDBError)) throw error;
 *   error.code; // 'ERR_NOT_FOUND'
 * }
 * ```
 */
export abstract class MemDBError extends Error {
  static {
    nameErrors(MemDBError, 'MemDBError');
  }

  /** Names the kind of error. Messages may change between releases, codes do not. */
  abstract readonly code: `ERR_${string}`;

  constructor(message = '', options?: ErrorOptions) {
    super(limit(message), options);
  }

  /** Returns what a log needs. `JSON.stringify` of any error works. */
  toJSON(): Record<string, unknown> {
    return { name: this.name, code: this.code, message: this.message };
  }
}

/**
 * A key cannot hold the part, or the key cannot be hashed.
 * @remarks
 * Write an integer or a string in place of a fraction, and `hash(bytes)` only for 32 bytes. Times and
 * transaction ids cannot be hashed: put the seconds or the text into the key.
 * @example
 * ```ts
 * Key.of('price', 1.5); // throws InvalidKeyError
 * db.view((b) => b.has(Key.of(new Date()))); // throws InvalidKeyError
 * ```
 */
export class InvalidKeyError extends MemDBError {
  static {
    nameErrors(InvalidKeyError, 'InvalidKeyError');
  }
  readonly code = 'ERR_INVALID_KEY';
}

/**
 * Binary data, JSON or URL text is malformed. The message says what is wrong and where.
 * @remarks
 * The input is damaged, cut off, or in another format. Look at it at the place that the message names.
 * @example
 * ```ts
 * Key.parse('[{"uint":-1}]'); // throws EncodingError
 * Key.decode(Buffer.from([1])); // throws EncodingError
 * AccountUrl.parse('https://example.org'); // throws EncodingError
 * ```
 */
export class EncodingError extends MemDBError {
  static {
    nameErrors(EncodingError, 'EncodingError');
  }
  readonly code = 'ERR_ENCODING';
}

/**
 * Sets the name of a class's errors, on its prototype: stack traces show it there, and minifiers
 * cannot change it.
 */
export function nameErrors(type: { readonly prototype: Error }, name: string): void {
  Object.defineProperty(type.prototype, 'name', {
    value: name,
    writable: true,
    configurable: true,
  });
}
